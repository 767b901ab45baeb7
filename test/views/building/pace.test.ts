import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  busyEventsMin,
  busyPageMs,
  createPace,
  pageSizeMax,
} from '../../../src/views/building/pace.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ['nothing', 0],
  ['few events', busyEventsMin - 1],
  ['a full page, since it is behind', pageSizeMax],
])('the next page follows a page of %s without a pause', (_title, eventCount) => {
  const pace = createPace();
  expect(pace.pauseMs()).toBe(0);
  pace.took(eventCount);
  expect(pace.pauseMs()).toBe(0);
});

test.each([busyEventsMin, pageSizeMax - 1])(
  'the next page waits after a page of %i events',
  (eventCount) => {
    const pace = createPace();
    pace.took(eventCount);
    expect(pace.pauseMs()).toBe(busyPageMs);
    vi.advanceTimersByTime(busyPageMs - 10);
    expect(pace.pauseMs()).toBe(10);
    vi.advanceTimersByTime(30);
    expect(pace.pauseMs()).toBe(0);
  },
);

test('pages do not wait after a burst', () => {
  const pace = createPace();
  pace.took(busyEventsMin);
  vi.advanceTimersByTime(busyPageMs);
  pace.took(1);
  expect(pace.pauseMs()).toBe(0);
});
