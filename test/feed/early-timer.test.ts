import { afterEach, expect, test, vi } from 'vitest';
import { watchEvents } from '../../src/feed/watch-events.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A feed of one event that passes no filter; a later read waits for the signal. */
const feed = {
  tail: () => 1,
  history: () => 1,
  next: async (after: number, _limit: number, signal: AbortSignal) => {
    if (after === 0) return [{ sequence: 1, type: 'Other', data: {} } as StoredEvent];
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return [];
  },
};

test('a timer that fires early, as under load, ends no subscription', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stop = new AbortController();
  const frames = watchEvents({
    log: {} as never,
    feed: feed as never,
    filter: { types: ['Wanted'] },
    after: 0,
    signal: stop.signal,
  });
  expect((await frames.next()).value).toEqual({ sequence: 0, event: null });
  let isOver = false;
  const ended = frames.next().then(() => {
    isOver = true;
  });
  // The clock that decides when progress is due hardly moves in the meantime.
  for (let turn = 0; turn < 5; turn += 1) await vi.advanceTimersByTimeAsync(1_000);
  expect(isOver).toBe(false);
  stop.abort();
  await ended;
});
