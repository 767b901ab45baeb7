import { LRUCache } from 'lru-cache';
import type { Decider } from '../../kernel/decider.ts';
import type { JsonObject, StoredEvent } from '../../kernel/event.ts';

/** A decider whose types the engine need not know: it passes on what it was given. */
export type AnyDecider = Decider<unknown, never>;

/** A stream's state as far as this process knows it. */
export interface CachedStream {
  readonly decider: AnyDecider;
  readonly state: unknown;
  readonly version: number;
  /** The id of its last event; null while it has none. */
  readonly lastEventId: string | null;
  /** The version of the snapshot from which it was loaded; 0: it was none. */
  readonly snapshotVersion: number;
}

/**
 * The streams used last, bounded by their number. May be behind the log when another process
 * writes; every append checks the versions, so that costs a retry and nothing else.
 */
export interface StreamCache {
  /** Undefined when not cached, or known to be behind. */
  fresh(streamId: string): CachedStream | undefined;
  /** The cached stream even if it is known to be behind. */
  any(streamId: string): CachedStream | undefined;
  set(streamId: string, stream: CachedStream): void;
  markStale(streamIds: Iterable<string>): void;
  /** Forgets every stream: the log is not the one they were read from. */
  clear(): void;
}

export function createStreamCache(streamsMax: number): StreamCache {
  const stale = new Set<string>();
  const streams = new LRUCache<string, CachedStream>({
    max: streamsMax,
    dispose: (_stream, streamId) => stale.delete(streamId),
  });
  return {
    fresh: (streamId) => (stale.has(streamId) ? undefined : streams.get(streamId)),
    any: (streamId) => streams.get(streamId),
    set(streamId, stream) {
      stale.delete(streamId);
      streams.set(streamId, stream);
    },
    markStale(streamIds) {
      for (const streamId of streamIds) if (streams.has(streamId)) stale.add(streamId);
    },
    clear: () => streams.clear(),
  };
}

/** The stream after one more of its events. */
export function evolveStream(stream: CachedStream, event: StoredEvent): CachedStream {
  const { decider, snapshotVersion } = stream;
  // The log gives a stream's events under its own category: they are this decider's.
  const state = decider.evolve(stream.state, event as never);
  return { decider, state, version: event.version, lastEventId: event.id, snapshotVersion };
}

/** A stream of which nothing is known yet but its decider. */
export function emptyStream(decider: AnyDecider): CachedStream {
  const { initial: state } = decider;
  return { decider, state, version: 0, lastEventId: null, snapshotVersion: 0 };
}

/** States are plain JSON by the contract of `Decider`. */
export function toSnapshotState(state: unknown): JsonObject {
  return state as JsonObject;
}
