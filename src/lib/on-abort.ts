/**
 * Calls the listener when the signal fires, or at once if it has already fired. Returns a function
 * that removes the listener. Without a signal, `onAbort` does nothing.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return nothing;
  if (signal.aborted) {
    listener();
    return nothing;
  }
  signal.addEventListener('abort', listener);
  return () => signal.removeEventListener('abort', listener);
}

const nothing = (): void => {};
