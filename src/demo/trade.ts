import { RefusedError, ServerError } from '../import/errors.ts';
import { delay } from '../lib/delay.ts';
import { createTurns, type Turn, type TurnOptions } from './schedule.ts';

/** A market to be kept alive. */
export interface DemoMarket extends TurnOptions {
  /** What the pacer lets through. */
  readonly ratePerSecond: number;
  /** Told once when the server cannot be had, and once when it can again, with null. */
  readonly trouble: (message: string | null) => void;
}

/**
 * Turns under way at once; each sends one request at a time. As few as will do: the more there are,
 * the longer each waits for its next order, and the older is what it knows.
 */
const lanesFor = (ratePerSecond: number) =>
  Math.min(Math.max(Math.round(ratePerSecond / 4), 4), 24);
const pauseMs = 1_000;

/**
 * Lets makers and takers trade until the signal fires, and resolves when the last turn is done. A
 * server that cannot be had is waited for; throws `ServerError` when that would not help.
 */
export async function runMarket(market: DemoMarket): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([market.signal, failure.signal]);
  const turns = createTurns({ ...market, signal });
  let troubleAtMs: number | null = null;

  async function runTurn(turn: Turn): Promise<void> {
    const startMs = performance.now();
    try {
      await turn();
      // What was under way when the trouble began says nothing of its end.
      if (troubleAtMs === null || startMs < troubleAtMs) return;
      market.trouble(null);
      troubleAtMs = null;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RefusedError) {
        market.tally.count({ trades: 0, refusal: error.code });
        return;
      }
      if (!(error instanceof ServerError && error.isPassing)) throw error;
      if (troubleAtMs === null) market.trouble(error.message);
      troubleAtMs = performance.now();
      await delay(pauseMs, signal);
    }
  }

  async function runLane(): Promise<void> {
    try {
      for (;;) {
        await market.pacer.turn(signal);
        if (signal.aborted) return;
        await runTurn(turns.next());
      }
    } catch (error) {
      failure.abort();
      throw error;
    }
  }

  const length = lanesFor(market.ratePerSecond);
  const lanes = await Promise.allSettled(Array.from({ length }, runLane));
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
}
