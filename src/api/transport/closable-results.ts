import type { ExecutionResult } from 'graphql';

/** Results of a subscription, one after the other; `return` ends them at once. */
export interface ClosableResults extends AsyncGenerator<ExecutionResult, void, void> {}

/**
 * Results that end when `abort` is aborted, and abort it when they end.
 *
 * An async generator that waits for its next event does not hear `return` until that event has
 * come. So whoever waits here is let go at once, and the source learns it from the signal.
 */
export function closableResults(
  source: AsyncIterable<ExecutionResult>,
  abort: AbortController,
): ClosableResults {
  const iterator = source[Symbol.asyncIterator]();
  const done: IteratorResult<ExecutionResult, void> = { done: true, value: undefined };
  let letGo: ((result: typeof done) => void) | null = null;
  let isClosed = false;

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    letGo?.(done);
    abort.signal.removeEventListener('abort', close);
    abort.abort();
    // Nobody is left to hear how the source ended.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }

  if (abort.signal.aborted) close();
  else abort.signal.addEventListener('abort', close);

  async function pull(): Promise<IteratorResult<ExecutionResult, void>> {
    try {
      const next = await iterator.next();
      if (!next.done) return { done: false, value: next.value };
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
