import { type Located, placesOf } from './setting-places.ts';

/** The members of an outbound bridge that say where its messages go, and which ones. */
export interface Outbound {
  readonly kind: string;
  readonly filter: { readonly types: readonly string[]; readonly contexts: readonly string[] };
  readonly stream?: string;
  readonly subject?: string;
  readonly topic?: string;
  readonly perContext?: boolean;
  readonly state?: readonly { readonly topic: string }[];
  readonly servers?: readonly string[];
  readonly brokers?: readonly string[];
  readonly region?: string;
  readonly url?: string;
  readonly secretEnv?: string;
}

/** A stream or topic that a bridge writes to. */
export interface NamedTarget {
  /** The path of the bridge. */
  readonly bridge: string;
  /** The path of the member that names it. */
  readonly path: string;
  /** The system that has it. */
  readonly place: string | undefined;
  readonly name: string;
  /** Whether the member is its whole name. */
  readonly isWhole: boolean;
  /** The prefix of its subjects; only a NATS stream has subjects. */
  readonly subject: string | undefined;
}

interface Entries {
  readonly bridges: readonly Outbound[];
  readonly inbound: readonly Located[];
}

/**
 * The faults of bridges that share a stream or topic, where events would be left out, or a webhook
 * that could not distinguish them. Each is one line with its path.
 */
export function targetFaults(
  { bridges, inbound }: Entries,
  contexts: ReadonlySet<string>,
): readonly string[] {
  const targets = targetsOf(bridges, placesOf([...bridges, ...inbound]), contexts);
  const faults = new Map<string, string>();
  targets.forEach(({ path, place, name, isWhole }, index) => {
    const first = targets.findIndex((other) => other.name === name && other.place === place);
    if (first === index || faults.has(path)) return;
    const { path: other, isWhole: isOtherWhole } = targets[first] ?? { path: '', isWhole: false };
    const fault = isWhole && isOtherWhole ? `${other} is the same` : `${other} has ${name}, too`;
    faults.set(path, `${path}: ${fault}: give each bridge a separate one`);
  });
  return [...faults.values(), ...webhookFaults(bridges)];
}

/** The streams and topics of bridges, from the place of each. */
export function targetsOf(
  bridges: readonly Outbound[],
  places: readonly string[],
  contexts: ReadonlySet<string>,
): readonly NamedTarget[] {
  return bridges.flatMap((bridge, index) =>
    targetsOfBridge(bridge, index, places[index], contexts),
  );
}

function targetsOfBridge(
  { stream, subject, topic, perContext, filter, state = [] }: Outbound,
  index: number,
  place: string | undefined,
  contexts: ReadonlySet<string>,
): readonly NamedTarget[] {
  const bridge = `bridges[${index}]`;
  const toTarget = (member: string, name: string, isWhole = true): NamedTarget => {
    return { bridge, path: `${bridge}.${member}`, place, name, isWhole, subject };
  };
  // A filter of types may need fewer topics.
  const used = filter.contexts.length === 0 ? [...contexts] : filter.contexts;
  const topics = topic === undefined ? [] : [topic];
  return [
    ...(stream === undefined ? [] : [toTarget('stream', stream)]),
    ...(perContext === true
      ? used.map((context) => toTarget('topic', `${topic}.${context}`, false))
      : topics.map((name) => toTarget('topic', name))),
    ...state.map((each, at) => toTarget(`state[${at}].topic`, each.topic)),
  ];
}

/**
 * Two webhooks may have one address: a receiver distinguishes them by their secrets, or by the
 * events that their filters let through.
 */
function webhookFaults(bridges: readonly Outbound[]): readonly string[] {
  const endpoints = bridges.map(({ url, secretEnv, filter }) => {
    if (url === undefined) return null;
    const lists = [filter.types, filter.contexts].map((names) => [...new Set(names)].toSorted());
    return JSON.stringify([new URL(url).href, secretEnv, lists]);
  });
  return endpoints.flatMap((endpoint, index) => {
    const first = endpoints.indexOf(endpoint);
    if (endpoint === null || first === index) return [];
    const same = `bridges[${first}].url is the same, with the same secret and filter`;
    return [`bridges[${index}].url: ${same}: remove one of the two bridges`];
  });
}
