import { compare } from '../lib/decimal.ts';
import type { PricePoint } from './price-row.ts';

/** How a price of a file compares with what was recorded for its time. */
type PriceComparison = 'MISSING' | 'SAME' | 'REPLACED' | 'NEW';

/** Every recorded price of an instrument, by the time at which it occurred. */
export interface PriceHistory {
  /**
   * MISSING: no price is known for its time. SAME: it is the price known now. REPLACED: it was
   * recorded, and another one after it. NEW: another price was recorded, but never this one.
   */
  compare(point: PricePoint): PriceComparison;
  /** The price known now for a time; null if none is known. */
  knownAt(occurredAt: string): string | null;
  /** Adds a price that was recorded after all others. */
  add(point: PricePoint): void;
}

export function createPriceHistory(): PriceHistory {
  const pricesByTime = new Map<string, string[]>();
  return {
    compare({ price, occurredAt }) {
      const prices = pricesByTime.get(occurredAt);
      if (prices === undefined) return 'MISSING';
      if (isSame(prices.at(-1), price)) return 'SAME';
      return prices.some((each) => isSame(each, price)) ? 'REPLACED' : 'NEW';
    },
    knownAt: (occurredAt) => pricesByTime.get(occurredAt)?.at(-1) ?? null,
    add({ price, occurredAt }) {
      const prices = pricesByTime.get(occurredAt);
      if (prices === undefined) pricesByTime.set(occurredAt, [price]);
      else prices.push(price);
    },
  };
}

/** Compares by value: 10.5 is 10.50. */
function isSame(known: string | undefined, price: string): boolean {
  return known !== undefined && compare(known, price) === 0;
}
