import type { CachedStream, StreamCache } from './cache.ts';

/**
 * The speculative state of one batch: the streams as loaded, and what the batch's commands have
 * made of them so far. Nothing of it reaches the cache before the append has succeeded.
 */
export interface Workspace {
  /** The stream as the next command finds it; undefined when it has to be loaded. */
  current(streamId: string): CachedStream | undefined;
  /** Makes loaded streams available. */
  add(loaded: ReadonlyMap<string, CachedStream>): void;
  /** Lets the following commands see what a command made of its streams. */
  accept(changed: ReadonlyMap<string, CachedStream>): void;
  /** The streams that the commands so far have changed, as they have left them. */
  changed(): ReadonlyMap<string, CachedStream>;
  /** The streams as loaded of all that was asked for: what the batch's decisions rest on. */
  bases(): ReadonlyMap<string, CachedStream>;
}

/** `ahead`: streams as they will be once a batch is in the log that is being appended now. */
export function createWorkspace(
  cache: StreamCache,
  ahead: ReadonlyMap<string, CachedStream> = new Map(),
): Workspace {
  const bases = new Map<string, CachedStream>();
  const changed = new Map<string, CachedStream>();

  function base(streamId: string): CachedStream | undefined {
    const known = bases.get(streamId) ?? ahead.get(streamId) ?? cache.fresh(streamId);
    if (known !== undefined) bases.set(streamId, known);
    return known;
  }

  return {
    current: (streamId) => changed.get(streamId) ?? base(streamId),
    add(loaded) {
      for (const [streamId, stream] of loaded) bases.set(streamId, stream);
    },
    accept(streams) {
      for (const [streamId, stream] of streams) changed.set(streamId, stream);
    },
    changed: () => changed,
    bases: () => bases,
  };
}
