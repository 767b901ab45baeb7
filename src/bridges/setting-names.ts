/** What a configuration file may refer to. */
export interface KnownNames {
  readonly types: ReadonlySet<string>;
  readonly contexts: ReadonlySet<string>;
  readonly views: ReadonlySet<string>;
  /** The input fields of each command; if absent, mappings are not checked. */
  readonly commands?: ReadonlyMap<string, CommandFields>;
  /** Whether a secret is set in the environment. */
  readonly hasSecret: (name: string) => boolean;
}

/** The fields of the input of a command that a message can set. */
export interface CommandFields {
  readonly all: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
}

/** The members of an entry that name something else. */
interface Entry {
  readonly name: string;
  readonly filter?: { readonly types: readonly string[]; readonly contexts: readonly string[] };
  readonly state?: readonly { readonly view: string }[];
  readonly map?: Mapping | undefined;
}

interface Mapping {
  readonly mutation: string;
  readonly input: Readonly<Record<string, string>>;
}

interface Entries {
  readonly bridges: readonly Entry[];
  readonly inbound: readonly Entry[];
}

/** The faults of names that two bridges share, each in one line with its path. */
export function nameFaults({ bridges, inbound }: Entries): readonly string[] {
  const names = [
    ...bridges.flatMap((bridge, index) => [
      [bridge.name, `bridges[${index}].name`] as const,
      ...stateNames(bridge, index),
    ]),
    ...inbound.map(({ name }, index) => [name, `inbound[${index}].name`] as const),
  ];
  return names.flatMap(([own, path], index) =>
    names.findIndex(([other]) => other === own) < index
      ? [`${path}: another bridge is named ${own}`]
      : [],
  );
}

/** The names of the bridges that keep the documents of views. */
function stateNames({ name, state = [] }: Entry, index: number) {
  return state.map(({ view }, at) => {
    return [stateBridgeName(name, view), `bridges[${index}].state[${at}].view`] as const;
  });
}

/** The name of the bridge that keeps the documents of a view, from that of its entry. */
export function stateBridgeName(bridge: string, view: string): string {
  return `${bridge}.${view}`;
}

/** The name of a bridge in the names of its consumer and streams: NATS does not allow "." there. */
export function toNatsName(name: string): string {
  return name.replaceAll('.', '_');
}

/** The faults of names of things that do not exist, each in one line with its path. */
export function referenceFaults(
  { bridges, inbound }: Entries,
  known: KnownNames,
): readonly string[] {
  return [
    ...bridges.flatMap((entry, index) => faultsOf(`bridges[${index}]`, entry, known)),
    ...inbound.flatMap((entry, index) => faultsOf(`inbound[${index}]`, entry, known)),
  ];
}

function faultsOf(path: string, entry: Entry, known: KnownNames): readonly string[] {
  const { filter, state = [] } = entry;
  const views = state.map(({ view }) => view);
  return [
    ...unknownIn(filter?.types ?? [], known.types, (at, type) => {
      return `${path}.filter.types[${at}]: there is no event type ${type}`;
    }),
    ...unknownIn(filter?.contexts ?? [], known.contexts, (at, context) => {
      const fault = `there is no context ${context}; ${choice(known.contexts)}`;
      return `${path}.filter.contexts[${at}]: ${fault}`;
    }),
    ...unknownIn(views, known.views, (at, view) => {
      return `${path}.state[${at}].view: there is no view ${view}; ${choice(known.views)}`;
    }),
    ...mappingFaults(`${path}.map`, entry.map, known),
    ...secretFaults(path, entry, known.hasSecret),
  ];
}

/** With such a fault, every message would be refused. */
function mappingFaults(
  path: string,
  map: Mapping | undefined,
  { commands }: KnownNames,
): readonly string[] {
  if (map === undefined || commands === undefined) return [];
  const fields = commands.get(map.mutation);
  if (fields === undefined) return [`${path}.mutation: there is no command ${map.mutation}`];
  const { all, required } = fields;
  return [
    ...unknownIn(Object.keys(map.input), all, (_at, field) => {
      return `${path}.input: ${map.mutation} has no input field ${field}; ${choice(all)}`;
    }),
    ...unknownIn([...required], new Set(Object.keys(map.input)), (_at, field) => {
      return `${path}.input: ${field} is missing`;
    }),
  ];
}

function unknownIn(
  names: readonly string[],
  known: ReadonlySet<string>,
  toFault: (at: number, name: string) => string,
): readonly string[] {
  return names.flatMap((name, at) => (known.has(name) ? [] : [toFault(at, name)]));
}

function choice(known: ReadonlySet<string>): string {
  return `use one of ${[...known].join(', ')}`;
}

/** The members whose names end in `Env` name environment variables with secrets. */
function secretFaults(
  path: string,
  settings: object,
  hasSecret: (name: string) => boolean,
): readonly string[] {
  return Object.entries(settings).flatMap(([member, value]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return secretFaults(`${path}.${member}`, value, hasSecret);
    }
    if (!member.endsWith('Env') || typeof value !== 'string' || hasSecret(value)) return [];
    return [`${path}.${member}: the environment variable ${value} is not set`];
  });
}
