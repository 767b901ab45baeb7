import { toNatsName } from './setting-names.ts';
import { placesOf } from './setting-places.ts';
import { type NamedTarget, type Outbound, targetsOf } from './setting-targets.ts';

/** The members of an inbound bridge that say what it reads, and where its dead letters go. */
interface Inbound {
  readonly name: string;
  readonly kind: string;
  readonly deadLetter: string;
  readonly servers?: readonly string[];
  readonly stream?: string;
  readonly subject?: string | undefined;
  readonly brokers?: readonly string[];
  readonly topic?: string;
  readonly group?: string;
}

interface Source extends Inbound {
  readonly path: string;
  readonly place: string | undefined;
}

interface Entries {
  readonly bridges: readonly Outbound[];
  readonly inbound: readonly Inbound[];
}

/**
 * The faults of inbound bridges that read what another bridge of the file writes or reads, or whose
 * dead letters go where a bridge reads or writes. Each is one line with its path.
 */
export function inboundFaults(
  { bridges, inbound }: Entries,
  contexts: ReadonlySet<string>,
): readonly string[] {
  const places = placesOf([...bridges, ...inbound]);
  const targets = targetsOf(bridges, places, contexts);
  const sources = inbound.map((entry, index): Source => {
    const place = places[bridges.length + index];
    return Object.assign({}, entry, { path: `inbound[${index}]`, place });
  });
  return sources.flatMap((source) => {
    const near = targets.filter(({ place }) => place === source.place);
    const neighbors = sources.filter(({ place }) => place === source.place);
    return [
      ...sourceFault(source, near),
      ...writtenLetterFault(source, near),
      ...readLetterFault(source, neighbors),
      ...twinFault(source, neighbors.slice(0, neighbors.indexOf(source))),
    ];
  });
}

function sourceFault({ path, stream, topic }: Source, targets: readonly NamedTarget[]) {
  const found = targets.find(({ name }) => name === (stream ?? topic));
  if (found === undefined) return [];
  const member = stream === undefined ? 'topic' : 'stream';
  return [`${path}.${member}: ${toClash(found)}: commands need a separate one`];
}

function writtenLetterFault({ path, deadLetter }: Source, targets: readonly NamedTarget[]) {
  const found = targets.find(({ name, subject }) =>
    subject === undefined ? name === deadLetter : deadLetter.startsWith(`${subject}.`),
  );
  if (found === undefined) return [];
  const { bridge, subject } = found;
  const fault =
    subject === undefined
      ? `${toClash(found)}: use a topic that no outbound bridge writes`
      : `${bridge} writes the subjects ${subject}.>: use a subject outside of them`;
  return [`${path}.deadLetter: ${fault}`];
}

/** A NATS bridge whose subject has wildcards passes over dead letters. */
function readLetterFault({ path, deadLetter }: Source, sources: readonly Source[]) {
  const found = sources.find(({ topic, subject }) => (topic ?? subject) === deadLetter);
  if (found === undefined) return [];
  const member = found.topic === undefined ? 'subject' : 'topic';
  const same = `${found.path}.${member} is the same`;
  return [`${path}.deadLetter: ${same}: use a ${member} that no bridge reads`];
}

/** Two bridges would share the messages of one consumer. */
function twinFault({ path, name, topic, group }: Source, earlier: readonly Source[]) {
  if (topic === undefined) {
    const own = toNatsName(name);
    // Equal names are a fault of all kinds.
    const twin = earlier.find((other) => other.name !== name && toNatsName(other.name) === own);
    if (twin === undefined) return [];
    return [`${path}.name: NATS has the name ${own} for ${twin.path}, too: use another name`];
  }
  const twin = earlier.find((other) => other.topic === topic && other.group === group);
  if (twin === undefined) return [];
  const same = `${twin.path} has the same topic and group`;
  return [`${path}.group: ${same}: give each bridge a separate group`];
}

function toClash({ path, name, isWhole }: NamedTarget): string {
  return isWhole ? `${path} is the same` : `${path} has ${name}, too`;
}
