/** The longest delay that a Node.js timer takes; a longer one would end at once. */
const delayMsMax = 2 ** 31 - 1;

/**
 * Calls back when `atMs` (milliseconds since 1970; null: never) has come. Does not keep the
 * process alive.
 *
 * @returns cancels it
 */
export function deadline(atMs: number | null, callback: () => void): () => void {
  if (atMs === null) return () => {};
  const delayMs = Math.min(Math.max(atMs - Date.now(), 0), delayMsMax);
  const timer = setTimeout(callback, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}
