import { onAbort } from './on-abort.ts';
import { withTimeout } from './with-timeout.ts';

/** Wakes everything that is waiting; a later `next` does not see an earlier `wake`. */
export interface Broadcast {
  wake(): void;
  /** Resolves at the next `wake`, or when the signal fires. */
  next(signal?: AbortSignal): Promise<void>;
}

export function createBroadcast(): Broadcast {
  const waiters = new Set<() => void>();
  return {
    wake() {
      const woken = [...waiters];
      waiters.clear();
      for (const waiter of woken) waiter();
    },
    next(signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const finish = (): void => {
          waiters.delete(finish);
          ignoreAbort();
          resolve();
        };
        waiters.add(finish);
        const ignoreAbort = onAbort(signal, finish);
      });
    },
  };
}

/**
 * Waits until `isReached` returns true, and checks it at each wake. Returns false if the time is up
 * or the signal fires first.
 */
export async function waitUntil(
  isReached: () => boolean,
  changes: Broadcast,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  if (isReached()) return true;
  return withTimeout(signal, timeoutMs, async (either) => {
    while (!isReached()) {
      if (either.aborted) return false;
      await changes.next(either);
    }
    return true;
  });
}
