import { onAbort } from '../lib/on-abort.ts';

/** How long a batch in flight may take when the program stops. */
const finishMs = 3_000;

/**
 * The signal after which nothing may be sent: at once when the lease is lost, and some time after
 * the program begins to stop, so that the batch in flight can be finished.
 */
export function createEndSignal(lost: AbortSignal, stop: AbortSignal) {
  const end = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const removers = [
    onAbort(lost, () => end.abort()),
    onAbort(stop, () => {
      timer = setTimeout(() => end.abort(), finishMs);
    }),
  ];
  return {
    signal: end.signal,
    dispose() {
      clearTimeout(timer);
      for (const remove of removers) remove();
    },
  };
}
