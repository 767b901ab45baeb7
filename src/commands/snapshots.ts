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
  const due = [...streams].filter(([, stream]) => isDue(stream, snapshotEvery));
  if (due.length === 0) return;
  try {
    const snapshots = due.map(([streamId, { decider, version, state }]) => ({
      streamId,
      deciderVersion: decider.version,
      version,
      state: JSON.stringify(toSnapshotState(state)),
    }));
    await log.writeSnapshots(snapshots);
    for (const [index, [streamId, stream]] of due.entries()) {
      const snapshotEvents = Math.ceil((snapshots[index]?.state.length ?? 0) / bytesPerEvent);
      const saved = { ...stream, snapshotVersion: stream.version, snapshotEvents };
      cache.set(streamId, saved);
      streams.set(streamId, saved);
    }
  } catch (error) {
    logger.warn({ err: error }, 'snapshots could not be written');
  }
}

/** To fold an event again costs about as much as to write so much of a snapshot. */
const bytesPerEvent = 256;

/** A snapshot must not cost more than what it saves: a large state is written less often. */
function isDue(
  { version, snapshotVersion, snapshotEvents }: CachedStream,
  snapshotEvery: number,
): boolean {
  return version - snapshotVersion >= Math.max(snapshotEvery, snapshotEvents);
}
