import { createHash } from 'node:crypto';

/** Random numbers determined by a seed. */
export interface Random {
  /** A number of at least 0 and less than 1. */
  next(): number;
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  /** A number from the standard normal distribution. */
  normal(): number;
  pick<Item>(items: readonly Item[]): Item;
}

/**
 * Creates random numbers; the same seed and label give the same ones. Each decision has its own
 * label, so that the count of numbers it takes does not affect other decisions.
 *
 * Uses sfc32 from PractRand with 128 bits of state; not suitable for secrets.
 */
export function createRandom(seed: string, label: string): Random {
  const hash = createHash('sha256').update(`${seed}\n${label}`).digest();
  let [a, b, c, count] = [0, 4, 8, 12].map((offset) => hash.readInt32LE(offset)) as State;

  function next(): number {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  const integer = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    // The Box-Muller transform; 1 - next() is never 0, which has no logarithm.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick(items) {
      if (items.length === 0) throw new RangeError('cannot pick from an empty list');
      return items[integer(0, items.length - 1)] as (typeof items)[number];
    },
  };
}

type State = [number, number, number, number];
