/** The longest delay that a Node.js timer accepts, 24.8 days; a longer one would fire at once. */
const delayMsMax = 2 ** 31 - 1;

/**
 * Calls back at `atMs` (milliseconds since 1970; never if null). Does not keep the process alive.
 *
 * @returns a function that cancels it
 */
export function deadline(atMs: number | null, callback: () => void): () => void {
  if (atMs === null) return () => {};
  const dueAtMs = atMs;
  let timer = arm();

  function arm(): NodeJS.Timeout {
    const leftMs = Math.max(dueAtMs - Date.now(), 0);
    return leftMs > delayMsMax
      ? setTimeout(goOn, delayMsMax).unref()
      : setTimeout(callback, leftMs).unref();
  }

  function goOn(): void {
    timer = arm();
  }

  return () => clearTimeout(timer);
}
