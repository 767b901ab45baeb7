import { delay } from '../lib/delay.ts';

/** Lets so many through in a second, evenly, first come, first served. */
export interface Pacer {
  /** Resolves when it is one's turn; at once when the signal fires. */
  turn(signal: AbortSignal): Promise<void>;
}

/** What time it is, and waiting: a test has a clock of its own. */
export interface Clock {
  nowMs(): number;
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

const realClock: Clock = { nowMs: () => performance.now(), delay };

/** A pause is not made up for: after one there are no more at once than otherwise. */
export function createPacer(ratePerSecond: number, clock: Clock = realClock): Pacer {
  const intervalMs = 1_000 / ratePerSecond;
  let nextMs = 0;
  return {
    async turn(signal) {
      const nowMs = clock.nowMs();
      // A timer is late by a millisecond or two: that much may be made up for.
      const turnMs = Math.max(nextMs, nowMs - slackMs);
      nextMs = turnMs + intervalMs;
      if (turnMs > nowMs) await clock.delay(turnMs - nowMs, signal);
    },
  };
}

const slackMs = 20;
