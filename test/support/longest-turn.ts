import { existsSync, readFileSync } from 'node:fs';

/**
 * The processor time of turns of the event loop, of this thread alone, so that other load on the
 * machine does not count.
 */
export interface Turns {
  /** The time of the longest turn since the last call, in milliseconds. */
  longestMs(): number;
  stop(): void;
}

/** Processor time in nanoseconds, as Linux counts it for each thread. */
const file = `/proc/self/task/${process.pid}/schedstat`;
export const canWatchTurns = existsSync(file);

export function watchTurns(): Turns {
  let longestMs = 0;
  let before = spentMs();
  let isStopped = false;
  function look(): void {
    if (isStopped) return;
    const now = spentMs();
    longestMs = Math.max(longestMs, now - before);
    before = now;
    setImmediate(look);
  }
  look();
  return {
    longestMs() {
      const found = longestMs;
      longestMs = 0;
      return found;
    },
    stop() {
      isStopped = true;
    },
  };
}

function spentMs(): number {
  return Number(readFileSync(file, 'utf8').split(' ', 1)[0]) / 1_000_000;
}
