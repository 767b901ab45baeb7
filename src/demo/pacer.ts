import { delay } from '../lib/delay.ts';

/** Limits the rate of calls, evenly spaced and in the order of arrival. */
export interface Pacer {
  /** Resolves when the caller may proceed, or at once when the signal fires. */
  turn(signal: AbortSignal): Promise<void>;
}

/** The clock and the timer; tests replace them. */
interface Clock {
  nowMs(): number;
  delay(ms: number, signal: AbortSignal): Promise<void>;
}

const realClock: Clock = { nowMs: () => performance.now(), delay };

/** Creates a pacer. A pause is not made up for: no burst follows it. */
export function createPacer(ratePerSecond: number, clock: Clock = realClock): Pacer {
  const intervalMs = 1_000 / ratePerSecond;
  let nextMs = 0;
  return {
    async turn(signal) {
      const nowMs = clock.nowMs();
      // Timers are a millisecond or two late: up to `slackMs` may be made up for.
      const turnMs = Math.max(nextMs, nowMs - slackMs);
      nextMs = turnMs + intervalMs;
      if (turnMs > nowMs) await clock.delay(turnMs - nowMs, signal);
    },
  };
}

const slackMs = 20;
