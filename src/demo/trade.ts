import { RefusedError, ServerError } from '../import/errors.ts';
import { delay } from '../lib/delay.ts';
import { createTurns, type Turn, type TurnOptions } from './schedule.ts';

/** A market to simulate. */
interface DemoMarket extends TurnOptions {
  /** The rate that the pacer allows. */
  readonly ratePerSecond: number;
  /** Called with the error when the server becomes unreachable, and with null when it is back. */
  readonly trouble: (message: string | null) => void;
}

/**
 * The number of concurrent turns; each sends one request at a time. As few as possible, because
 * with more turns each waits longer before its next order and decides on older data.
 */
const lanesFor = (ratePerSecond: number) =>
  Math.min(Math.max(Math.round(ratePerSecond / 4), 4), 24);
const pauseMs = 1_000;

/**
 * Lets makers and takers trade until the signal fires, and resolves when the last turn is done.
 * Waits for an unreachable server; throws `ServerError` if waiting would not help.
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
      // A turn that began before the trouble does not show that it is over.
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
