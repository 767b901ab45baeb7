import { type Decider, streamIdOf } from '../../kernel/decider.ts';
import type { NewEvent, StoredEvent } from '../../kernel/event.ts';
import { ArchivedError } from '../../log/errors.ts';
import type { LogStatements } from '../../log/log.ts';
import type { ArchivedStream, StoredSnapshot } from '../../log/streams.ts';
import { type AnyDecider, type CachedStream, emptyStream, evolveStream } from './cache.ts';

type StreamReader = Pick<LogStatements, 'events' | 'snapshots' | 'streams'>;

/** An entity's stream, and the sequence up to which it is folded. */
interface FoldedStream<State, Event extends NewEvent> {
  readonly decider: Decider<State, Event>;
  readonly id: string;
  readonly sequence: number;
}

const pageSizeMax = 1_000;

/**
 * The state of a stream after all its events up to a sequence, read from the log alone. Starts at
 * the snapshot, or at the beginning if the snapshot is of a later version or of another history.
 * Throws `ArchivedError` if it needs archived events.
 */
export async function foldStream<State, Event extends NewEvent>(
  log: StreamReader,
  { decider, id, sequence }: FoldedStream<State, Event>,
): Promise<State> {
  const streamId = streamIdOf(decider, id);
  const end = { before: sequence + 1, limit: 1, descending: true };
  const [{ archived }, [last], [snapshot]] = await Promise.all([
    log.streams([{ streamId, fromVersion: afterAll }]),
    log.events({ streamId }, end).catch(noneIfArchived),
    log.snapshots([{ streamId, deciderVersion: decider.version }]),
  ]);
  const known = archived.get(streamId) ?? null;
  const lastVersion =
    last?.version ?? (known !== null && known.lastSequence <= sequence ? known.version : 0);
  const beginning = emptyStream(decider as AnyDecider);
  if (lastVersion === 0 && known === null) return decider.initial;
  if (snapshot !== undefined && snapshot.version <= lastVersion) {
    const tail = await readTail(log, { streamId, sequence, snapshot, lastVersion, known });
    const { version, state } = snapshot;
    if (tail !== null) {
      return tail.reduce(evolveStream, { ...beginning, version, state }).state as State;
    }
  }
  return (await foldPages(log, streamId, { from: beginning, after: 0, sequence })) as State;
}

/** No stream has this version. */
const afterAll = 2 ** 31 - 1;

function noneIfArchived(error: unknown): readonly StoredEvent[] {
  if (error instanceof ArchivedError) return [];
  throw error;
}

interface Tail {
  readonly streamId: string;
  readonly sequence: number;
  readonly snapshot: StoredSnapshot;
  readonly lastVersion: number;
  readonly known: ArchivedStream | null;
}

/** The events after a snapshot; null if the snapshot is of another history. */
async function readTail(
  { events }: StreamReader,
  { streamId, sequence, snapshot, lastVersion, known }: Tail,
): Promise<readonly StoredEvent[] | null> {
  const { version, lastEventId } = snapshot;
  const page = { before: sequence + 1, descending: true, limit: lastVersion - version };
  const isSame = (id: string) => lastEventId === null || lastEventId === id;
  if (known?.version === version && isSame(known.lastEventId)) {
    return page.limit === 0 ? [] : (await events({ streamId }, page)).toReversed();
  }
  // Includes the event of the snapshot: its id shows whether the snapshot is of this history.
  const found = await events({ streamId }, { ...page, limit: page.limit + 1 });
  const [first, ...tail] = found.toReversed();
  return first !== undefined && isSame(first.id) ? tail : null;
}

interface Rest {
  readonly from: CachedStream;
  readonly after: number;
  readonly sequence: number;
}

async function foldPages(
  { events }: StreamReader,
  streamId: string,
  { from, after, sequence }: Rest,
): Promise<unknown> {
  let stream = from;
  let position = after;
  for (;;) {
    const page = { after: position, before: sequence + 1, limit: pageSizeMax };
    const found = await events({ streamId }, page);
    stream = found.reduce(evolveStream, stream);
    const last = found.at(-1);
    if (last === undefined || found.length < pageSizeMax) return stream.state;
    position = last.sequence;
  }
}
