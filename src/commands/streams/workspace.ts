import type { CachedStream, StreamCache } from './cache.ts';

/**
 * The speculative state of one batch: the streams as loaded, and as changed by its commands so far.
 * No changed stream reaches the cache before the append has succeeded.
 */
export interface Workspace {
  /** The stream as the next command sees it; undefined if it has to be loaded. */
  current(streamId: string): CachedStream | undefined;
  /** Makes loaded streams available. */
  add(loaded: ReadonlyMap<string, CachedStream>): void;
  /** Makes the streams that a command has changed visible to the following commands. */
  accept(changed: ReadonlyMap<string, CachedStream>): void;
  /** The streams that the commands have changed so far, in their current state. */
  changed(): ReadonlyMap<string, CachedStream>;
  /** All requested streams as loaded: the states on which the batch is decided. */
  bases(): ReadonlyMap<string, CachedStream>;
}

/** `previous`: the streams as they will be once the batch that is being appended is in the log. */
export function createWorkspace(
  cache: StreamCache,
  previous: ReadonlyMap<string, CachedStream> = new Map(),
): Workspace {
  const bases = new Map<string, CachedStream>();
  const changed = new Map<string, CachedStream>();

  function base(streamId: string): CachedStream | undefined {
    const known = bases.get(streamId) ?? previous.get(streamId) ?? cache.fresh(streamId);
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
