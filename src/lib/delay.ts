import { onAbort } from './on-abort.ts';

/**
 * Resolves after the time, or as soon as the signal fires. Leaves no timer and no listener behind.
 */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      ignoreAbort();
      resolve();
    };
    const timer = setTimeout(finish, ms);
    const ignoreAbort = onAbort(signal, finish);
  });
}
