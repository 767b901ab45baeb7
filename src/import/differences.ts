import { compare } from '../lib/decimal.ts';
import type { PriceBatch } from './batches.ts';

/** A price that was recorded from a file once and is not the one that is known now. */
export interface Difference {
  readonly line: number;
  readonly symbol: string;
  readonly occurredAt: string;
  readonly price: string;
  /** Null: none is known. */
  readonly known: string | null;
}

/** The differences in one file. */
export interface Differences {
  /** Forgets those that the batch overrides, as it comes later in the file. */
  override(batch: PriceBatch): void;
  /** The times of a batch, each once, whose prices may be compared; none when it is full. */
  timesOf(batch: PriceBatch): readonly string[];
  /** Compares the prices of a batch with those that are known at `timesOf` it, in that order. */
  compare(batch: PriceBatch, known: readonly (string | null)[]): void;
  /** Takes a difference that was found otherwise. */
  add(difference: Difference): void;
  all(): readonly Difference[];
  /** Whether prices were not compared any more, because there were too many differences. */
  isFull(): boolean;
}

/** Each costs memory until the end of the file, as a later row may override it. */
export const differencesMax = 50_000;

export function createDifferences(max: number = differencesMax): Differences {
  const found = new Map<string, Difference>();
  let isFull = false;
  return {
    override({ symbol, prices }) {
      if (found.size === 0) return;
      for (const { occurredAt } of prices) found.delete(`${symbol} ${occurredAt}`);
    },
    timesOf(batch) {
      isFull ||= found.size >= max;
      return isFull ? [] : [...lastRows(batch).keys()];
    },
    compare(batch, known) {
      const { symbol, prices, rowLines } = batch;
      for (const [place, [occurredAt, row]] of [...lastRows(batch)].entries()) {
        const price = prices[row]?.price ?? '';
        const other = known[place] ?? null;
        if (other !== null && compare(other, price) === 0) continue;
        const line = rowLines[row] ?? 0;
        found.set(`${symbol} ${occurredAt}`, { line, symbol, occurredAt, price, known: other });
      }
    },
    add(difference) {
      isFull ||= found.size >= max;
      if (!isFull) found.set(`${difference.symbol} ${difference.occurredAt}`, difference);
    },
    all: () => [...found.values()].toSorted((a, b) => a.line - b.line),
    isFull: () => isFull,
  };
}

/** The lines of rows whose time a later row of the batch has as well, with another price. */
export function overriddenLines(batch: Pick<PriceBatch, 'prices' | 'rowLines'>): readonly number[] {
  const last = lastRows(batch);
  return batch.prices.flatMap(({ price, occurredAt }, index) => {
    const later = batch.prices[last.get(occurredAt) ?? index]?.price ?? price;
    return compare(later, price) === 0 ? [] : [batch.rowLines[index] ?? 0];
  });
}

/** The last row of each time: of two prices of one time the later row counts. */
export function lastRows({ prices }: Pick<PriceBatch, 'prices'>): ReadonlyMap<string, number> {
  return new Map(prices.map(({ occurredAt }, index) => [occurredAt, index]));
}
