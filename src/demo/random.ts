import { createHash } from 'node:crypto';

/** Random numbers that a seed decides. */
export interface Random {
  /** At least 0 and less than 1. */
  next(): number;
  /** Whole, from `min` to `max`, both of them possible. */
  integer(min: number, max: number): number;
  chance(probability: number): boolean;
  /** Of the standard normal distribution. */
  normal(): number;
  pick<Item>(items: readonly Item[]): Item;
}

/**
 * The same seed and label give the same numbers: every decision has a label of its own, so that how
 * many numbers one of them takes changes none of the others.
 *
 * sfc32 from PractRand, of 128 bits of state; not for secrets.
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
    // Box and Muller's; 1 - next(), as there is no logarithm of 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    pick(items) {
      if (items.length === 0) throw new RangeError('nothing to pick from');
      return items[integer(0, items.length - 1)] as (typeof items)[number];
    },
  };
}

type State = [number, number, number, number];
