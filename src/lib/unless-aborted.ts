/** The result of a promise; null as soon as the signal fires, while the promise continues. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let end = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    end = () => resolve(null);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
