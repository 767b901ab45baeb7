import { delay } from '../lib/delay.ts';
import type { Executor } from '../postgres/database.ts';
import { type BridgeControl, readControl } from './control.ts';

interface Pause {
  readonly id: number;
  /** What an operator had asked for when the attempt began. */
  readonly asked: BridgeControl;
  readonly pauseMs: number;
}

const lookMs = 500;

/** Waits for the next attempt of a bridge, or until an operator asks for it or the signal fires. */
export async function waitForRetry(
  executor: Executor,
  { id, asked, pauseMs }: Pause,
  signal: AbortSignal,
): Promise<void> {
  const endAt = performance.now() + pauseMs;
  while (!signal.aborted) {
    const leftMs = endAt - performance.now();
    if (leftMs <= 0) return;
    await delay(Math.min(leftMs, lookMs), signal);
    const { paused, retries } = await readControl(executor, id);
    if (paused || retries !== asked.retries) return;
  }
}
