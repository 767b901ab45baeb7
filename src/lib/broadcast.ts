/** Wakes all that wait now; a later `next` does not see an earlier `wake`. */
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
          signal?.removeEventListener('abort', finish);
          resolve();
        };
        waiters.add(finish);
        signal?.addEventListener('abort', finish);
      });
    },
  };
}

/**
 * Waits until `isReached` returns true, and checks it at each wake. False if the time is up or the
 * signal fires first.
 */
export async function waitUntil(
  isReached: () => boolean,
  changes: Broadcast,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  if (isReached()) return true;
  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = setTimeout(end, timeoutMs);
  signal?.addEventListener('abort', end);
  try {
    while (!isReached()) {
      if (over.signal.aborted || signal?.aborted) return false;
      await changes.next(over.signal);
    }
    return true;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}
