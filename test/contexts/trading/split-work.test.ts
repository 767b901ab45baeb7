import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runDuel, runSplit } from '../../support/market-duel.ts';
import { programs } from '../../support/market-program.ts';

// On a busy machine these tests need longer than the usual limit.
const timeout = 120_000;
// Mostly one, because few orders of such programs meet many others.
const steps = fc.constantFrom(1, 1, 1, 2, 3);

test('work that is split over many commands gives the result of the reference', { timeout }, () => {
  let pauses = 0;
  fc.assert(
    fc.property(programs, steps, (program, stepsMax) => {
      const { world } = runDuel(program, () => {}, stepsMax);
      pauses += world.events.filter(({ type }) => type === 'MatchingPaused').length;
    }),
    { numRuns: 200 },
  );
  expect(pauses).toBeGreaterThan(40);
});

test('split work breaks no invariant, whatever commands come in between', {
  timeout,
}, () => {
  let pauses = 0;
  fc.assert(
    fc.property(programs, steps, (program, stepsMax) => {
      const { world } = runSplit(program, stepsMax);
      pauses += world.events.filter(({ type }) => type === 'MatchingPaused').length;
    }),
    { numRuns: 200 },
  );
  expect(pauses).toBeGreaterThan(40);
});
