import { expect, test } from 'vitest';
import { createPacer } from '../../src/demo/pacer.ts';

const { signal } = new AbortController();

/** A clock that advances only when the test or the pacer waits. */
function createClock() {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    async delay(ms: number) {
      nowMs += ms;
    },
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

test('calls proceed evenly at the rate', async () => {
  const clock = createClock();
  const pacer = createPacer(20, clock);
  const times: number[] = [];
  for (let turn = 0; turn < 41; turn += 1) {
    await pacer.turn(signal);
    times.push(clock.nowMs());
  }
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(times[40]).toBeCloseTo(2_000, -2);
  expect(Math.max(...gaps.slice(1))).toBeCloseTo(50, 5);
  expect(Math.min(...gaps.slice(1))).toBeCloseTo(50, 5);
});

test('a pause is not made up for by a burst', async () => {
  const clock = createClock();
  const pacer = createPacer(20, clock);
  await pacer.turn(signal);
  clock.pass(60_000);
  const startMs = clock.nowMs();
  for (let turn = 0; turn < 11; turn += 1) await pacer.turn(signal);
  expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(480);
});

test('a waiting call proceeds as soon as the signal fires', async () => {
  const abort = new AbortController();
  const pacer = createPacer(0.001);
  await pacer.turn(abort.signal);
  const waiting = pacer.turn(abort.signal);
  abort.abort();
  await waiting;
});
