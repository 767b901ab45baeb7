import fc from 'fast-check';
import { test } from 'vitest';
import { runDuel } from '../../support/market-duel.ts';
import { programs } from '../../support/market-program.ts';

// On a busy machine this test needs longer than the usual limit.
const timeout = 120_000;

test('a random program of commands does what the reference does, and breaks no invariant', {
  timeout,
}, () => {
  fc.assert(
    fc.property(programs, (program) => {
      runDuel(program);
    }),
    { numRuns: 300 },
  );
});
