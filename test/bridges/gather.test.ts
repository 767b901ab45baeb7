import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createGathering } from '../../src/bridges/gather.ts';

const { signal } = new AbortController();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Page = readonly [count: number, ms: number, isBehind?: boolean];

/** Reads pages of these sizes, as many milliseconds apart; returns how long the next one waits. */
async function waitAfter(...pages: readonly Page[]): Promise<number> {
  const gathering = createGathering();
  for (const [count, ms, isBehind = false] of pages) {
    await vi.advanceTimersByTimeAsync(ms);
    gathering.note(count, isBehind);
  }
  const startedAt = performance.now();
  const waiting = gathering.wait(signal).then(() => performance.now() - startedAt);
  await vi.advanceTimersByTimeAsync(1_000);
  return waiting;
}

test('events that come alone do not wait', async () => {
  expect(await waitAfter([1, 20], [1, 20], [1, 20])).toBe(0);
  expect(await waitAfter([1, 4], [1, 4])).toBe(0);
});

test('the events of one command after a pause do not make the next one wait', async () => {
  expect(await waitAfter([1, 0], [200, 1_000])).toBe(0);
});

test('a page is read every 20 ms while 500 events a second come', async () => {
  expect(await waitAfter([1, 0], [1, 2])).toBe(20);
  expect(await waitAfter([1, 0], [10, 20])).toBe(20);
  expect(await waitAfter([1, 0], [9, 20])).toBe(0);
});

test('a bridge that is behind does not wait', async () => {
  expect(await waitAfter([1, 0], [100, 20])).toBe(20);
  expect(await waitAfter([1, 0], [100, 20, true])).toBe(0);
});

test('the wait ends with the signal', async () => {
  const gathering = createGathering();
  const stop = new AbortController();
  gathering.note(1, false);
  gathering.note(50, false);
  const waiting = gathering.wait(stop.signal);
  stop.abort();
  await waiting;
});
