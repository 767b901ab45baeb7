import { compare } from '../lib/decimal.ts';
import type { PriceBatch } from './batches.ts';

/** A price that was recorded from a file earlier and is not the price known now. */
export interface Difference {
  readonly line: number;
  readonly symbol: string;
  readonly occurredAt: string;
  readonly price: string;
  /** The price known now; null if none is known. */
  readonly known: string | null;
}

/** The differences in one file. */
export interface Differences {
  /** Removes the differences that the batch, which is later in the file, overrides. */
  override(batch: PriceBatch): void;
  /** The distinct times of a batch whose prices are to be compared; none if full. */
  timesOf(batch: PriceBatch): readonly string[];
  /** Compares the prices of a batch with the prices known at `timesOf(batch)`, in that order. */
  compare(batch: PriceBatch, known: readonly (string | null)[]): void;
  /** Adds a difference that was found elsewhere. */
  add(difference: Difference): void;
  all(): readonly Difference[];
  /** Whether some prices were not compared because there were too many differences. */
  isFull(): boolean;
}

/** Each difference takes memory until the end of the file, because a later row may override it. */
const differencesMax = 50_000;

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
      for (const [index, [occurredAt, row]] of [...lastRows(batch)].entries()) {
        const price = prices[row]?.price ?? '';
        const other = known[index] ?? null;
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

/** The lines of rows for which a later row of the batch has the same time and another price. */
export function overriddenLines(batch: Pick<PriceBatch, 'prices' | 'rowLines'>): readonly number[] {
  const last = lastRows(batch);
  return batch.prices.flatMap(({ price, occurredAt }, index) => {
    const later = batch.prices[last.get(occurredAt) ?? index]?.price ?? price;
    return compare(later, price) === 0 ? [] : [batch.rowLines[index] ?? 0];
  });
}

/** The index of the last row for each time; of two prices for one time the later one counts. */
export function lastRows({ prices }: Pick<PriceBatch, 'prices'>): ReadonlyMap<string, number> {
  return new Map(prices.map(({ occurredAt }, index) => [occurredAt, index]));
}
