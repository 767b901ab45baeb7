import { onAbort } from './on-abort.ts';

/** Runs work with a signal that fires when the given one fires or when the time is up. */
export async function withTimeout<Result>(
  signal: AbortSignal | undefined,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = setTimeout(end, timeoutMs);
  const ignoreAbort = onAbort(signal, end);
  try {
    return await work(over.signal);
  } finally {
    clearTimeout(timer);
    ignoreAbort();
  }
}
