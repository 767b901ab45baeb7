import { LRUCache } from 'lru-cache';
import type { Decider } from '../../kernel/decider.ts';
import type { JsonObject, StoredEvent } from '../../kernel/event.ts';

/** A decider whose types the engine does not know: it only passes states and events on. */
export type AnyDecider = Decider<unknown, never>;

/** The latest state of a stream that this process knows. */
export interface CachedStream {
  readonly decider: AnyDecider;
  readonly state: unknown;
  readonly version: number;
  /** The id of its last event; null if it has none, or if its snapshot does not name it. */
  readonly lastEventId: string | null;
  /** The version of the snapshot from which it was loaded; 0 if there was none. */
  readonly snapshotVersion: number;
}

/**
 * The most recently used streams, bounded in number. They may be behind the log when another
 * process writes. Every append checks the versions, so that costs only a retry.
 */
export interface StreamCache {
  /** Undefined if the stream is not cached, or is known to be behind. */
  fresh(streamId: string): CachedStream | undefined;
  /** The cached stream even if it is known to be behind. */
  any(streamId: string): CachedStream | undefined;
  set(streamId: string, stream: CachedStream): void;
  markStale(streamIds: Iterable<string>): void;
  delete(streamId: string): void;
  /** Forgets every stream, because the log is no longer the one that they were read from. */
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
    delete: (streamId) => void streams.delete(streamId),
    clear: () => streams.clear(),
  };
}

/** The stream after its next event. */
export function evolveStream(stream: CachedStream, event: StoredEvent): CachedStream {
  const { decider, snapshotVersion } = stream;
  // The stream's category is the decider's, so all its events are events of this decider.
  const state = decider.evolve(stream.state, event as never);
  return { decider, state, version: event.version, lastEventId: event.id, snapshotVersion };
}

/** The initial state of a stream. */
export function emptyStream(decider: AnyDecider): CachedStream {
  const { initial: state } = decider;
  return { decider, state, version: 0, lastEventId: null, snapshotVersion: 0 };
}

/** States are plain JSON by the contract of `Decider`. */
export function toSnapshotState(state: unknown): JsonObject {
  return state as JsonObject;
}
