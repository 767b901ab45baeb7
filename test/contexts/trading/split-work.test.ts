import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runDuel, runSplit } from '../../support/market-duel.ts';
import { type Program, plain, programs, type Step } from '../../support/market-program.ts';

// On a busy machine these tests need longer than the usual limit.
const timeout = 120_000;
// Mostly one, because few orders of such programs meet many others.
const steps = fc.constantFrom(1, 1, 1, 2, 3);

const rich = { cash: 3, lots: 100 };

function place(account: 'ann' | 'cat', side: 'buys' | 'sells', more: object = {}): Step {
  const usual = { side, lots: 1, type: 'LIMIT', limit: 0, stop: 0, timeInForce: 'GTC' } as const;
  const order = { ...usual, postOnly: false, ...more };
  return { verb: 'place', account, symbol: 0, order };
}

/** A fill-or-kill order meets one of its own account, but only after the most fills allowed. */
const beyondTheMostFills: Program = {
  setup: plain,
  start: { ann: rich, bob: rich, cat: rich, dan: rich },
  steps: [
    place('cat', 'buys'),
    place('ann', 'buys', { limit: 3 }),
    place('ann', 'buys', { limit: 1 }),
    place('cat', 'sells', { lots: 30, timeInForce: 'FOK' }),
  ],
};

test('work that is split over many commands gives the result of the reference', { timeout }, () => {
  let pauses = 0;
  fc.assert(
    fc.property(programs, steps, (program, stepsMax) => {
      const { world } = runDuel(program, () => {}, stepsMax);
      pauses += world.events.filter(({ type }) => type === 'MatchingPaused').length;
    }),
    { numRuns: 200, examples: [[beyondTheMostFills, 1]] },
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
