import type { ExecutionResult } from 'graphql';
import { toFrameText } from './frame-text.ts';

/** Results of a subscription as JSON, one after the other; `return` ends them at once. */
export interface ClosableFrames extends AsyncGenerator<string, void, void> {}

/**
 * Frames that end when `abort` is aborted, and abort it when they end; `onClose` is called once.
 *
 * An async generator that waits for its next event does not hear `return` until that event has
 * come. So whoever waits here is let go at once, and the source learns it from the signal.
 */
export function closableFrames(
  source: AsyncIterable<ExecutionResult>,
  abort: AbortController,
  onClose: () => void,
): ClosableFrames {
  const iterator = source[Symbol.asyncIterator]();
  const done: IteratorResult<string, void> = { done: true, value: undefined };
  let letGo: ((result: typeof done) => void) | null = null;
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    letGo?.(done);
    abort.signal.removeEventListener('abort', close);
    abort.abort();
    onClose();
    // Nobody is left to hear how the source ended.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }

  if (abort.signal.aborted) close();
  else abort.signal.addEventListener('abort', close);

  async function pull(): Promise<IteratorResult<string, void>> {
    try {
      const next = await iterator.next();
      if (!next.done) return { done: false, value: toFrameText(next.value) };
      close();
      return done;
    } catch (error) {
      if (isClosed) return done;
      letGo = null;
      close();
      throw error;
    }
  }

  return {
    next() {
      if (isClosed) return Promise.resolve(done);
      return new Promise((resolve, reject) => {
        letGo = resolve;
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
