import { compare } from '../lib/decimal.ts';
import type { PricePoint } from './price-row.ts';

/** How a price of a file stands to what was recorded of its time. */
export type PriceComparison = 'MISSING' | 'SAME' | 'REPLACED' | 'NEW';

/** Every price that was recorded of an instrument, by when it occurred. */
export interface PriceHistory {
  /**
   * MISSING: nothing is known of its time. SAME: it is the price known now. REPLACED: it was recorded,
   * and another one after it. NEW: it was never recorded, but another one was.
   */
  compare(point: PricePoint): PriceComparison;
  /** The price that is known now of a time; null: none is. */
  knownAt(occurredAt: string): string | null;
  /** Takes a price that was recorded after all others. */
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

/** 10.5 is 10.50. */
function isSame(known: string | undefined, price: string): boolean {
  return known !== undefined && compare(known, price) === 0;
}
