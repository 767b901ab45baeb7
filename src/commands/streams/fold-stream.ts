import { type Decider, streamIdOf } from '../../kernel/decider.ts';
import type { NewEvent } from '../../kernel/event.ts';
import type { LogStatements } from '../../log/log.ts';
import { type AnyDecider, type CachedStream, emptyStream, evolveStream } from './cache.ts';

type StreamReader = Pick<LogStatements, 'events' | 'snapshots'>;

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
 */
export async function foldStream<State, Event extends NewEvent>(
  log: StreamReader,
  { decider, id, sequence }: FoldedStream<State, Event>,
): Promise<State> {
  const streamId = streamIdOf(decider, id);
  const end = { before: sequence + 1, limit: 1, descending: true };
  const [[last], [snapshot]] = await Promise.all([
    log.events({ streamId }, end),
    log.snapshots([{ streamId, deciderVersion: decider.version }]),
  ]);
  const beginning = emptyStream(decider as AnyDecider);
  if (last === undefined) return decider.initial;
  if (snapshot !== undefined && snapshot.version <= last.version) {
    const { version, state, lastEventId } = snapshot;
    // Includes the event of the snapshot: its id shows whether the snapshot is of this history.
    const page = { ...end, limit: last.version - version + 1 };
    const [known, ...tail] = [...(await log.events({ streamId }, page))].reverse();
    if (known !== undefined && (lastEventId === null || known.id === lastEventId)) {
      return tail.reduce(evolveStream, { ...beginning, version, state }).state as State;
    }
  }
  return (await foldPages(log, streamId, { from: beginning, after: 0, sequence })) as State;
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
