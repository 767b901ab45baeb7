import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAnswered } from '../../src/api/answered.ts';

test('an actor waits for its own last sequence and for that of no other actor', () => {
  const answered = createAnswered({ checkpoint: () => 3 });
  answered.note('ann', 7);
  answered.note('bob', 5);
  answered.note('ann', 6);
  expect(['ann', 'bob', 'cem'].map(answered.leastFor)).toEqual([7, 5, 0]);
});

test('sequences that the views already show are not remembered', () => {
  let checkpoint = 3;
  const answered = createAnswered({ checkpoint: () => checkpoint });
  answered.note('ann', 3);
  expect(answered.size()).toBe(0);
  for (let sequence = 4; sequence < 104; sequence += 1)
    answered.note(`actor ${sequence}`, sequence);
  checkpoint = 103;
  expect(answered.leastFor('actor 103')).toBe(0);
  expect(answered.size()).toBe(0);
});

test('no actor reads an earlier sequence than it was answered, however many actors are remembered', () => {
  const step = fc.record({
    actor: fc.integer({ min: 0, max: 9 }).map(String),
    sequence: fc.integer({ min: 1, max: 60 }),
    shown: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 5 }), (steps, actorsMax) => {
      let checkpoint = 0;
      const answered = createAnswered({ checkpoint: () => checkpoint }, actorsMax);
      const last = new Map<string, number>();
      let greatest = 0;
      for (const { actor, sequence, shown } of steps) {
        answered.note(actor, sequence);
        last.set(actor, Math.max(last.get(actor) ?? 0, sequence));
        greatest = Math.max(greatest, sequence);
        checkpoint += shown;
        expect(answered.size()).toBeLessThanOrEqual(actorsMax);
        for (const [each, least] of last) {
          const cut = Math.max(checkpoint, answered.leastFor(each));
          expect(cut).toBeGreaterThanOrEqual(least);
          expect(cut).toBeLessThanOrEqual(Math.max(checkpoint, greatest));
        }
      }
    }),
    { numRuns: 500 },
  );
});
