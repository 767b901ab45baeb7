/** Pauses between attempts: doubled each time from the first to the longest, with jitter. */
export interface BackOff {
  /** The next pause in milliseconds. */
  next(): number;
  reset(): void;
}

const firstMs = 250;
const longestMs = 30_000;

/**
 * `random` returns a number from 0 to 1: pauses vary by half, so that servers do not retry at the
 * same time.
 */
export function createBackOff(random: () => number = Math.random): BackOff {
  let attempts = 0;
  return {
    next() {
      const pauseMs = Math.min(firstMs * 2 ** attempts, longestMs);
      attempts += 1;
      return pauseMs * (0.5 + random() / 2);
    },
    reset() {
      attempts = 0;
    },
  };
}
