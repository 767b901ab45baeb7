import { onAbort } from './on-abort.ts';

/** The result of a promise; null as soon as the signal fires, while the promise continues. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let ignoreAbort = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    ignoreAbort = onAbort(signal, () => resolve(null));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    ignoreAbort();
  }
}
