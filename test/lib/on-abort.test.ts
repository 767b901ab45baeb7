import { getEventListeners } from 'node:events';
import { expect, test, vi } from 'vitest';
import { delay } from '../../src/lib/delay.ts';
import { onAbort } from '../../src/lib/on-abort.ts';
import { unlessAborted } from '../../src/lib/unless-aborted.ts';
import { withTimeout } from '../../src/lib/with-timeout.ts';

test('a listener is called when the signal fires', () => {
  const abort = new AbortController();
  const listener = vi.fn();
  onAbort(abort.signal, listener);
  expect(listener).not.toHaveBeenCalled();
  abort.abort();
  expect(listener).toHaveBeenCalledTimes(1);
});

test('a listener of a signal that has fired is called at once', () => {
  const listener = vi.fn();
  onAbort(AbortSignal.abort(), listener);
  expect(listener).toHaveBeenCalledTimes(1);
});

test('a removed listener is not called', () => {
  const abort = new AbortController();
  const listener = vi.fn();
  const ignoreAbort = onAbort(abort.signal, listener);
  ignoreAbort();
  abort.abort();
  expect(listener).not.toHaveBeenCalled();
});

test('waiting leaves no listener behind', async () => {
  const { signal } = new AbortController();
  await delay(1, signal);
  await unlessAborted(Promise.resolve(1), signal);
  await withTimeout(signal, 1_000, async () => 1);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
