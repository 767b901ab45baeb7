import { delay } from '../lib/delay.ts';
import { isTransient } from '../log/errors.ts';

/** How long to retry: until the deadline, or until the signal fires. */
export interface Patience {
  /** The time in milliseconds of `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

const retryDelayMs = 100;

/** Retries while the work fails with a transient error; throws the last error at the deadline. */
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
