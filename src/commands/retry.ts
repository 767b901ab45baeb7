import { delay } from '../lib/delay.ts';
import { isTransient } from '../log/errors.ts';

export interface Patience {
  /** Until when it is tried again; as `performance.now()` counts. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

const retryDelayMs = 100;

/** Does it again while it fails for a reason that passes; throws the last one when it is over. */
export async function retry<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || isOver(patience)) throw error;
    }
    await untilRetry(patience.signal);
  }
}

export function isOver({ deadline, signal }: Patience): boolean {
  return signal.aborted || performance.now() >= deadline;
}

export function untilRetry(signal: AbortSignal): Promise<void> {
  return delay(retryDelayMs, signal);
}
