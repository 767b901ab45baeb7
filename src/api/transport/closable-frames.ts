import type { ExecutionResult } from 'graphql';
import { onAbort } from '../../lib/on-abort.ts';
import { type FrameText, toFrameText } from './frame-text.ts';

/** The results of a subscription as JSON, in order; `return` ends them at once. */
export interface ClosableFrames extends AsyncGenerator<FrameText, void, void> {}

/**
 * Wraps a source in frames that end when `abort` is aborted, and that abort it when they end.
 * Calls `onClose` once.
 *
 * An async generator that waits for its next event does not see `return` until that event has
 * arrived. So a waiting `next` resolves here at once, and the source is notified by the signal.
 */
export function closableFrames(
  source: AsyncIterable<ExecutionResult>,
  abort: AbortController,
  onClose: () => void,
): ClosableFrames {
  const iterator = source[Symbol.asyncIterator]();
  const done: IteratorResult<FrameText, void> = { done: true, value: undefined };
  let resolveWaiting: ((result: typeof done) => void) | null = null;
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    resolveWaiting?.(done);
    abort.abort();
    onClose();
    // No consumer is left to receive an error of the source.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }

  onAbort(abort.signal, close);

  async function pull(): Promise<IteratorResult<FrameText, void>> {
    try {
      const next = await iterator.next();
      if (!next.done) return { done: false, value: toFrameText(next.value) };
      close();
      return done;
    } catch (error) {
      if (isClosed) return done;
      resolveWaiting = null;
      close();
      throw error;
    }
  }

  return {
    next() {
      if (isClosed) return Promise.resolve(done);
      return new Promise((resolve, reject) => {
        resolveWaiting = resolve;
        pull().then(resolve, reject);
      });
    },
    async return() {
      close();
      return done;
    },
    async throw(error) {
      close();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
