import { delay } from '../lib/delay.ts';

/** Gathers the events of a busy log into fewer batches. */
interface Gathering {
  /** Waits before a page is read, if more events are likely to come meanwhile. */
  wait(signal: AbortSignal): Promise<void>;
  /** Notes that a page of this size was read. A bridge that is behind does not wait. */
  note(count: number, isBehind: boolean): void;
}

/** The least time between two pages while the log is busy. */
const gatherMs = 20;
/** The log is busy if at least this number of events comes in that time: 500 a second. */
const busyMin = 10;

/**
 * What a batch costs does not depend on its size: with a batch for each commit, a server that
 * recorded 1,500 deposits a second lost a quarter of them. An event that comes alone never waits.
 */
export function createGathering(): Gathering {
  let readAt = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  return {
    async wait(signal) {
      const ms = readAt + gatherMs - performance.now();
      if (isBusy && ms > 0) await delay(ms, signal);
    },
    note(count, isBehind) {
      const now = performance.now();
      isBusy = !isBehind && (count / (now - readAt)) * gatherMs >= busyMin;
      readAt = now;
    },
  };
}
