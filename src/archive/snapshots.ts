import {
  type AnyDecider,
  type CachedStream,
  createStreamCache,
  emptyStream,
  evolveStream,
  toSnapshotState,
} from '../commands/streams/cache.ts';
import { loadStreams } from '../commands/streams/load.ts';
import { toJsonInParts } from '../lib/json-in-parts.ts';
import { ArchivedError } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { RangeToMove } from './summaries.ts';

interface SnapshotParts {
  readonly executor: Executor;
  readonly log: Log;
  readonly deciders: readonly AnyDecider[];
  readonly range: RangeToMove;
  /** Called after each page of streams; throws to stop. */
  readonly onPage: () => void;
}

const select: Query = {
  name: 'streams_to_snapshot',
  text: `select archived.stream_id as "streamId", archived.version,
      coalesce(snapshot.version, 0) as base
    from archived_streams as archived left join stream_snapshots as snapshot
      on snapshot.stream_id = archived.stream_id and snapshot.decider_version = $4
    where archived.stream_id > $1 and archived.stream_id < $2 and archived.last_sequence > $3
      and coalesce(snapshot.version, 0) < archived.version
    order by archived.stream_id limit $5`,
};

interface DueStream {
  readonly streamId: string;
  readonly version: number;
  /** The version of its snapshot; 0 if it has none. */
  readonly base: number;
}

const streamsMax = 200;
/** Streams with more events to fold are folded page by page. */
const eventsMax = 1_000;

/**
 * Stores a snapshot of every stream of a range that lacks one, so that it can be loaded once its
 * events are archived. Returns how many streams had no snapshot to begin with although their first
 * events are archived: these can be loaded once all events are here.
 */
export async function writeArchivedSnapshots(parts: SnapshotParts): Promise<number> {
  let unfoldable = 0;
  for (const decider of parts.deciders) {
    const { category } = decider;
    let after = `${category}-`;
    for (;;) {
      const values = [after, `${category}.`, parts.range.after, decider.version, streamsMax];
      const due = await parts.executor.query<DueStream>(select, values);
      const last = due.at(-1);
      if (last === undefined) break;
      unfoldable += await writePage(parts, decider, due);
      after = last.streamId;
      parts.onPage();
    }
  }
  return unfoldable;
}

async function writePage(
  parts: SnapshotParts,
  decider: AnyDecider,
  due: readonly DueStream[],
): Promise<number> {
  const isLong = ({ version, base }: DueStream): boolean => version - base > eventsMax;
  let unfoldable = 0;
  for (const group of [...groupsOf(due.filter((each) => !isLong(each)))]) {
    unfoldable += await writeGroup(parts, decider, group);
  }
  for (const each of due.filter(isLong)) {
    const stream = await foldLong(parts, decider, each);
    if (stream === null) unfoldable += 1;
    else await store(parts.log, [[each.streamId, stream]]);
  }
  return unfoldable;
}

/** Streams that are loaded together. */
function* groupsOf(due: readonly DueStream[]): Generator<readonly DueStream[], void, undefined> {
  let group: DueStream[] = [];
  let events = 0;
  for (const each of due) {
    if (events > eventsMax) {
      yield group;
      group = [];
      events = 0;
    }
    group.push(each);
    events += each.version - each.base;
  }
  if (group.length > 0) yield group;
}

async function writeGroup(
  parts: SnapshotParts,
  decider: AnyDecider,
  group: readonly DueStream[],
): Promise<number> {
  const missing = new Map(group.map(({ streamId }) => [streamId, decider]));
  try {
    const loaded = await loadStreams(parts.log, createStreamCache(streamsMax), missing);
    await store(parts.log, [...loaded]);
    return 0;
  } catch (error) {
    if (!(error instanceof ArchivedError)) throw error;
    if (group.length === 1) return 1;
  }
  let unfoldable = 0;
  for (const each of group) unfoldable += await writeGroup(parts, decider, [each]);
  return unfoldable;
}

/** Folds a stream page by page; null if it has no snapshot and its first events are archived. */
async function foldLong(
  { log, range }: SnapshotParts,
  decider: AnyDecider,
  { streamId, base }: DueStream,
): Promise<CachedStream | null> {
  const [snapshot] =
    base === 0 ? [] : await log.snapshots([{ streamId, deciderVersion: decider.version }]);
  const begun = emptyStream(decider);
  let stream: CachedStream = begun;
  if (snapshot !== undefined) {
    const { state, version, lastEventId } = snapshot;
    stream = { ...begun, state, version, lastEventId };
  }
  let { after } = range;
  for (;;) {
    const page = { after, before: range.last + 1, limit: eventsMax };
    const events = await log.events({ streamId }, page);
    for (const event of events) {
      if (event.version <= stream.version) continue;
      if (event.version !== stream.version + 1) return null;
      stream = evolveStream(stream, event);
    }
    const last = events.at(-1);
    if (last === undefined || events.length < eventsMax) return stream;
    after = last.sequence;
  }
}

async function store(
  log: Log,
  streams: readonly (readonly [string, CachedStream])[],
): Promise<void> {
  const written = [];
  for (const [streamId, { decider, version, lastEventId, state }] of streams) {
    if (lastEventId === null) throw new Error(`${streamId} has no events to snapshot`);
    const json = await toJsonInParts(toSnapshotState(state));
    written.push({ streamId, deciderVersion: decider.version, version, lastEventId, state: json });
  }
  await log.writeSnapshots(written);
}
