import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEvent } from '../kernel/event.ts';
import type { LogStatements } from '../log/log.ts';
import type { StoredSnapshot } from '../log/streams.ts';
import {
  type AnyDecider,
  type CachedStream,
  emptyStream,
  evolveStream,
  type StreamCache,
} from './stream-cache.ts';

/** Streams to be loaded, by stream id. */
export type Missing = ReadonlyMap<string, AnyDecider>;

/**
 * Brings streams into the cache, in one round trip each for snapshots and events: the tail after
 * what is cached, else after the newest snapshot that fits the decider, else the whole stream.
 */
export async function loadStreams(
  log: LogStatements,
  cache: StreamCache,
  missing: Missing,
): Promise<ReadonlyMap<string, CachedStream>> {
  const bases = await findBases(log, cache, missing);
  const wishes = [...bases].map(([streamId, base]) => ({ streamId, afterVersion: base.version }));
  const tails = groupByStream(await log.streams(wishes));
  const loaded = new Map<string, CachedStream>();
  for (const [streamId, base] of bases) {
    const stream = await foldInTurns(base, tails.get(streamId) ?? []);
    cache.set(streamId, stream);
    loaded.set(streamId, stream);
  }
  return loaded;
}

/** Folds a tail; a long one lets the event loop go on in between. */
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

async function findBases(
  log: LogStatements,
  cache: StreamCache,
  missing: Missing,
): Promise<Map<string, CachedStream>> {
  const bases = new Map<string, CachedStream>();
  for (const [streamId, decider] of missing) {
    const cached = cache.any(streamId);
    bases.set(streamId, cached ?? emptyStream(decider));
  }
  const unknown = [...missing].filter(([streamId]) => cache.any(streamId) === undefined);
  if (unknown.length === 0) return bases;
  const wishes = unknown.map(([streamId, decider]) => ({
    streamId,
    deciderVersion: decider.version,
  }));
  for (const snapshot of await log.snapshots(wishes)) {
    bases.set(snapshot.streamId, fromSnapshot(missing, snapshot));
  }
  return bases;
}

function fromSnapshot(missing: Missing, snapshot: StoredSnapshot): CachedStream {
  const decider = missing.get(snapshot.streamId);
  if (decider === undefined) throw new Error(`no wish for a snapshot of ${snapshot.streamId}`);
  const { state, version } = snapshot;
  return { decider, state, version, snapshotVersion: version };
}

function groupByStream(events: readonly StoredEvent[]): Map<string, StoredEvent[]> {
  const groups = new Map<string, StoredEvent[]>();
  for (const event of events) {
    const group = groups.get(event.streamId);
    if (group === undefined) groups.set(event.streamId, [event]);
    else group.push(event);
  }
  return groups;
}
