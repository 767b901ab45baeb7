import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { toJsonInParts } from '../../lib/json-in-parts.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Log } from '../../log/log.ts';
import { type CachedStream, toSnapshotState } from './cache.ts';

interface SnapshotOptions {
  readonly log: Log;
  readonly logger: Logger;
  /** A stream is snapshotted after this many new events; later if its state is large. */
  readonly snapshotEvery: number;
}

/**
 * Writes snapshots of streams that have grown enough, in the background: no command waits for them.
 * A failure is logged and costs only time: the next load folds more events, and the stream is due
 * again with its next batch.
 */
export interface SnapshotWriter {
  /**
   * Schedules snapshots of those streams that are due. The streams must be as they are in the log.
   */
  consider(streams: Iterable<readonly [string, CachedStream]>): void;
  /** Resolves when every snapshot that is due has been written or has failed. */
  finished(): Promise<void>;
}

/** The last snapshot of a stream that this process has written, or is writing. */
interface Written {
  readonly version: number;
  /** Its size, as a number of events that cost as much to fold. */
  readonly events: number;
}

/** Folding one event costs about as much as writing this many bytes of a snapshot. */
const bytesPerEvent = 256;
const writtenMax = 10_000;

export function createSnapshotWriter(options: SnapshotOptions): SnapshotWriter {
  const { log, logger, snapshotEvery } = options;
  const written = new LRUCache<string, Written>({ max: writtenMax });
  let due = new Map<string, CachedStream>();
  let writing: Promise<void> | null = null;

  /** A snapshot must not cost more than it saves, so a large state is written less often. */
  function isDue(streamId: string, { version, snapshotVersion }: CachedStream): boolean {
    const grown = version - snapshotVersion;
    if (grown < snapshotEvery) return false;
    const last = written.get(streamId);
    if (last === undefined) return true;
    return version - last.version >= Math.max(snapshotEvery, last.events);
  }

  async function write(): Promise<void> {
    while (due.size > 0) {
      // The answers go first: writing a large state as JSON takes milliseconds.
      await nextTurn();
      const streams = due;
      due = new Map();
      try {
        // Writes them one after the other and in parts, because writing a large state takes a long
        // time.
        for (const stream of streams) await log.writeSnapshots([await toSnapshot(stream)]);
      } catch (error) {
        for (const streamId of streams.keys()) written.delete(streamId);
        logger.warn({ err: error }, 'snapshots could not be written');
      }
    }
    writing = null;
  }

  async function toSnapshot([streamId, stream]: [string, CachedStream]) {
    const { decider, version, state, lastEventId } = stream;
    if (lastEventId === null) throw new Error(`${streamId} has no events to snapshot`);
    const json = await toJsonInParts(toSnapshotState(state));
    written.set(streamId, { version, events: Math.ceil(json.length / bytesPerEvent) });
    return { streamId, deciderVersion: decider.version, version, lastEventId, state: json };
  }

  return {
    consider(streams) {
      for (const [streamId, stream] of streams) {
        if (isDue(streamId, stream)) due.set(streamId, stream);
      }
      if (due.size > 0) writing ??= write();
    },
    async finished() {
      await writing;
    },
  };
}
