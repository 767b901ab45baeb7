import type { PriceBatch } from './batches.ts';
import { type Differences, lastRows } from './differences.ts';
import type { MarketApi } from './market-api.ts';
import type { PriceHistory } from './price-history.ts';
import type { PricePoint } from './price-row.ts';
import type { FileTally } from './tally.ts';

/** Records batches that are partly recorded already, for example from a file that has grown. */
interface Overlap {
  /** Records a batch if a part of it is known. Throws `RefusedError`. */
  record(batch: PriceBatch, lastPriceAt: string | null): Promise<OverlapOutcome>;
}

/**
 * OPEN: nothing was done, and the batch is to be recorded whole, because it is later than all known
 * prices or there are too many to compare. REPLAYED: exactly this batch was recorded before. DONE:
 * prices that were never recorded are recorded now, and prices that were replaced since are
 * differences.
 */
type OverlapOutcome = 'OPEN' | 'REPLAYED' | 'DONE';

interface OverlapOptions {
  readonly api: MarketApi;
  readonly tally: FileTally;
  readonly differences: Differences;
}

export function createOverlap({ api, tally, differences }: OverlapOptions): Overlap {
  const histories = new Map<string, Promise<PriceHistory | null>>();

  async function historyOf(symbol: string): Promise<PriceHistory | null> {
    const known = histories.get(symbol);
    if (known !== undefined) return known;
    const loading = api.history(symbol);
    histories.set(symbol, loading);
    const history = await loading;
    if (history === null) tally.note(`was not compared: too many prices of ${symbol} are known`);
    return history;
  }

  /** The prices to be recorded, from the last row for each time. */
  function missingIn(batch: PriceBatch, history: PriceHistory): readonly PricePoint[] {
    const { symbol, prices, rowLines } = batch;
    const missing: PricePoint[] = [];
    for (const [occurredAt, row] of lastRows(batch)) {
      const point = prices[row];
      if (point === undefined) continue;
      const comparison = history.compare(point);
      if (comparison === 'MISSING' || comparison === 'NEW') missing.push(point);
      if (comparison !== 'REPLACED') continue;
      const { price } = point;
      const known = history.knownAt(occurredAt);
      differences.add({ line: rowLines[row] ?? 0, symbol, occurredAt, price, known });
    }
    return missing;
  }

  return {
    async record(batch, lastPriceAt) {
      const { symbol, prices } = batch;
      const comesAfter = prices.every(({ occurredAt }) => occurredAt > (lastPriceAt ?? ''));
      if (comesAfter) return 'OPEN';
      if (await api.isRecorded(batch)) return 'REPLAYED';
      const history = await historyOf(symbol);
      if (history === null) return 'OPEN';
      const missing = missingIn(batch, history);
      if (missing.length > 0) await api.record({ symbol, prices: missing });
      for (const point of missing) history.add(point);
      const others = prices.slice(missing.length);
      tally.done({ ...batch, prices: missing }, true);
      tally.done({ ...batch, prices: others }, false);
      return 'DONE';
    },
  };
}
