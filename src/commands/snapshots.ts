import type { Logger } from '../lib/logger.ts';
import type { Log } from '../log/log.ts';
import { type CachedStream, type StreamCache, toSnapshotState } from './stream-cache.ts';

export interface SnapshotOptions {
  readonly log: Log;
  readonly cache: StreamCache;
  readonly logger: Logger;
  readonly snapshotEvery: number;
}

/**
 * Writes a snapshot of the streams that have grown enough, and notes it in the cache and in the
 * given map. A failure is logged and costs nothing but time: the next load folds more events, and
 * the next batch tries again.
 */
export async function saveSnapshots(
  { log, cache, logger, snapshotEvery }: SnapshotOptions,
  streams: Map<string, CachedStream>,
): Promise<void> {
  const due = [...streams].filter(
    ([, stream]) => stream.version - stream.snapshotVersion >= snapshotEvery,
  );
  if (due.length === 0) return;
  try {
    await log.writeSnapshots(
      due.map(([streamId, { decider, version, state }]) => ({
        streamId,
        deciderVersion: decider.version,
        version,
        state: toSnapshotState(state),
      })),
    );
    for (const [streamId, stream] of due) {
      const saved = { ...stream, snapshotVersion: stream.version };
      cache.set(streamId, saved);
      streams.set(streamId, saved);
    }
  } catch (error) {
    logger.warn({ err: error }, 'snapshots could not be written');
  }
}
