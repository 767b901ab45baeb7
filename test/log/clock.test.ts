import { expect, test } from 'vitest';
import { addMicroseconds } from '../../src/lib/date-time.ts';
import { createLogClock } from '../../src/log/clock.ts';

const start = '2026-01-02T10:00:00.000000Z';
const at = (milliseconds: number): string => addMicroseconds(start, milliseconds * 1_000);

/** A clock, and the time that has passed in this process since it was created. */
function createClock() {
  let elapsedMs = 0;
  const clock = createLogClock(() => elapsedMs);
  return {
    clock,
    pass(ms: number) {
      elapsedMs += ms;
    },
    /** The database reads its clock after `beforeMs`, and the answer arrives `afterMs` later. */
    answer(time: string, { beforeMs, afterMs }: { beforeMs: number; afterMs: number }) {
      const sentMs = elapsedMs;
      elapsedMs += beforeMs + afterMs;
      clock.note(time, sentMs);
    },
  };
}

test('the time is unknown until the database has returned it, and some time after that', () => {
  const { clock, pass, answer } = createClock();
  expect(clock.now()).toBeNull();
  answer(at(0), { beforeMs: 0, afterMs: 0 });
  pass(5_000);
  expect(clock.now()).toBe(at(5_000));
  pass(1);
  expect(clock.now()).toBeNull();
});

test('the time is never ahead of the database, and at most the fastest answer behind', () => {
  const { clock, pass, answer } = createClock();
  answer(at(10), { beforeMs: 10, afterMs: 30 });
  expect(clock.now()).toBe(at(10));
  answer(at(50), { beforeMs: 10, afterMs: 2 });
  expect(clock.now()).toBe(at(50));
  // A slow answer adds no information.
  answer(at(1_052), { beforeMs: 1_000, afterMs: 100 });
  expect(clock.now()).toBe(at(1_150));
  pass(1_000);
  expect(clock.now()).toBe(at(2_150));
});

test('the time follows a slower clock of the database, and never goes back', () => {
  const { clock, pass, answer } = createClock();
  answer(at(0), { beforeMs: 0, afterMs: 0 });
  pass(100);
  expect(clock.now()).toBe(at(100));
  answer(at(60), { beforeMs: 0, afterMs: 0 });
  expect(clock.now()).toBe(at(100));
  pass(39);
  expect(clock.now()).toBe(at(100));
  pass(2);
  expect(clock.now()).toBe(at(101));
});
