import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEvent } from '../../kernel/event.ts';
import { LogReplacedError } from '../../log/errors.ts';
import type { LogStatements } from '../../log/log.ts';
import { type ArchivedStream, type StoredSnapshot, streamEventsMax } from '../../log/streams.ts';
import {
  type AnyDecider,
  type CachedStream,
  emptyStream,
  evolveStream,
  type StreamCache,
} from './cache.ts';

/** The deciders of the streams to load, by stream id. */
type Missing = ReadonlyMap<string, AnyDecider>;

type Streams = Map<string, CachedStream>;

/**
 * Loads streams into the cache, in one round trip each for snapshots and events, and one more for
 * each further part of a long stream. Reads the tail after the cached state, else after the newest
 * snapshot of the decider's version, else the whole stream.
 *
 * Throws `LogReplacedError` if a cached stream is not the beginning of the one in the log.
 */
export async function loadStreams(
  log: LogStatements,
  cache: StreamCache,
  missing: Missing,
): Promise<ReadonlyMap<string, CachedStream>> {
  const bases = await findBases(log, cache, missing);
  const { streams: loaded, archived } = await readTails(log, bases);
  const unfit: Streams = new Map();
  for (const [streamId, { decider, lastEventId }] of bases) {
    if (loaded.has(streamId)) continue;
    const isCached = cache.any(streamId) !== undefined;
    // Events after the cached state are archived, but a snapshot has them.
    if (isCached && archived.has(streamId)) return reload(log, cache, missing, archived);
    if (isCached) throw toReplacedError(log.epoch(), lastEventId);
    // The snapshot is of another history, so only the events count.
    unfit.set(streamId, emptyStream(decider));
  }
  if (unfit.size > 0) {
    const { streams, archived: missed } = await readTails(log, unfit);
    if (missed.size > 0) throw await log.archived();
    for (const [streamId, stream] of streams) loaded.set(streamId, stream);
  }
  for (const [streamId, stream] of loaded) cache.set(streamId, stream);
  return loaded;
}

function reload(
  log: LogStatements,
  cache: StreamCache,
  missing: Missing,
  outdated: ReadonlySet<string>,
): ReturnType<typeof loadStreams> {
  for (const streamId of outdated) cache.delete(streamId);
  return loadStreams(log, cache, missing);
}

function toReplacedError(epoch: number | null, id: string | null): LogReplacedError {
  return new LogReplacedError(epoch === null || id === null ? null : { id, epoch });
}

async function findBases(
  log: LogStatements,
  cache: StreamCache,
  missing: Missing,
): Promise<Streams> {
  const bases: Streams = new Map();
  for (const [streamId, decider] of missing) {
    bases.set(streamId, cache.any(streamId) ?? emptyStream(decider));
  }
  const unknown = [...missing].filter(([streamId]) => cache.any(streamId) === undefined);
  if (unknown.length === 0) return bases;
  const requests = unknown.map(([streamId, decider]) => ({
    streamId,
    deciderVersion: decider.version,
  }));
  for (const snapshot of await log.snapshots(requests)) {
    bases.set(snapshot.streamId, fromSnapshot(missing, snapshot));
  }
  return bases;
}

function fromSnapshot(missing: Missing, snapshot: StoredSnapshot): CachedStream {
  const decider = missing.get(snapshot.streamId);
  if (decider === undefined) throw new Error(`no snapshot of ${snapshot.streamId} was requested`);
  const { state, version, lastEventId } = snapshot;
  return { decider, state, version, lastEventId, snapshotVersion: version };
}

/** Streams that were read to their ends. */
interface Tails {
  readonly streams: Streams;
  /** Those that are left out because events after their base are archived. */
  readonly archived: ReadonlySet<string>;
}

/** Reads streams to their ends; leaves out a base that is not the beginning of its stream. */
async function readTails(log: LogStatements, bases: Streams): Promise<Tails> {
  const streams: Streams = new Map();
  const archived = new Set<string>();
  for (let rest: Streams = bases; rest.size > 0; ) {
    const requests = [...rest].map(([streamId, base]) => ({ streamId, fromVersion: base.version }));
    const found = await log.streams(requests);
    const tails = groupByStream(found.events);
    const longer: Streams = new Map();
    for (const [streamId, base] of rest) {
      const end = found.archived.get(streamId) ?? null;
      const tail = tails.get(streamId) ?? [];
      const stream = await followBase(base, tail, end);
      if (stream === null) streams.delete(streamId);
      else streams.set(streamId, stream);
      if (stream === null && end !== null && end.version > base.version) archived.add(streamId);
      if (stream !== null && tail.length === streamEventsMax) longer.set(streamId, stream);
    }
    rest = longer;
  }
  return { streams, archived };
}

/**
 * Folds the events from the last one of `base` on; null if `base` is not of this history, or if
 * events after it are archived. Its last event may itself be archived.
 */
async function followBase(
  base: CachedStream,
  events: readonly StoredEvent[],
  archived: ArchivedStream | null,
): Promise<CachedStream | null> {
  const known = events[0];
  if (archived !== null && (known === undefined || known.version > base.version)) {
    const next = known?.version ?? archived.version + 1;
    if (next !== base.version + 1) return null;
    const { version, lastEventId } = archived;
    // An earlier archived event has no proof, but the event that follows it is here.
    if (base.version < version) return foldInTurns(base, events);
    const isSame = base.lastEventId === null || base.lastEventId === lastEventId;
    return base.version === version && isSame
      ? foldInTurns({ ...base, lastEventId }, events)
      : null;
  }
  if (base.version === 0) return foldInTurns(base, events);
  const isSame = base.lastEventId === null || base.lastEventId === known?.id;
  if (known?.version !== base.version || !isSame) return null;
  const { decider, state, version, snapshotVersion } = base;
  const start = { decider, state, version, lastEventId: known.id, snapshotVersion };
  return foldInTurns(start, events.slice(1));
}

/** Folds a tail, and gives the event loop a turn within a long one. */
async function foldInTurns(
  base: CachedStream,
  tail: readonly StoredEvent[],
): Promise<CachedStream> {
  let stream = base;
  for (const [index, event] of tail.entries()) {
    if (index % eventsPerTurn === eventsPerTurn - 1) await nextTurn();
    stream = evolveStream(stream, event);
  }
  return stream;
}

const eventsPerTurn = 1_000;

function groupByStream(events: readonly StoredEvent[]): Map<string, StoredEvent[]> {
  const groups = new Map<string, StoredEvent[]>();
  for (const event of events) {
    const group = groups.get(event.streamId);
    if (group === undefined) groups.set(event.streamId, [event]);
    else group.push(event);
  }
  return groups;
}
