import { createHash } from 'node:crypto';
import type { PricePoint, PriceRow } from './price-row.ts';

/** Prices of one instrument that one command records. */
export interface PriceBatch {
  readonly symbol: string;
  /** In the order of the file. */
  readonly prices: readonly PricePoint[];
  /** The lines of its first and last row; rows of other symbols may lie between them. */
  readonly lines: readonly [first: number, last: number];
  /** The line of each price. */
  readonly rowLines: readonly number[];
}

interface Batcher {
  /** Takes a row and returns the batches that are complete now. */
  add(row: PriceRow): readonly PriceBatch[];
  /** Returns the remaining batches at the end of the file. */
  end(): readonly PriceBatch[];
}

interface BatchLimits {
  /** The most prices that the API accepts in one command. */
  readonly batchRowsMax: number;
  /** The limit for all symbols together; at this limit the oldest open batch is closed. */
  readonly openRowsMax: number;
}

const defaultBatchLimits: BatchLimits = { batchRowsMax: 1_000, openRowsMax: 50_000 };

/**
 * Groups rows by symbol and calendar year.
 *
 * Whether a batch is closed depends only on earlier rows. A longer file therefore begins with the
 * same batches, and at most the last year of each symbol is recorded again. Batches are by year and
 * not by count: a file that grows at its top, or loses its oldest rows, then keeps the batches of
 * the years between.
 */
export function createBatcher(limits: BatchLimits = defaultBatchLimits): Batcher {
  const open = new Map<string, PriceRow[]>();
  let openRows = 0;

  function close(symbol: string, rows: readonly PriceRow[]): PriceBatch {
    open.delete(symbol);
    openRows -= rows.length;
    const prices = rows.map(({ price, occurredAt }) => ({ price, occurredAt }));
    const rowLines = rows.map(({ line }) => line);
    return { symbol, prices, lines: [rowLines[0] ?? 0, rowLines.at(-1) ?? 0], rowLines };
  }

  return {
    add(row) {
      const closed: PriceBatch[] = [];
      let rows = open.get(row.symbol);
      if (rows !== undefined && yearOf(rows[0]) !== yearOf(row)) {
        closed.push(close(row.symbol, rows));
        rows = undefined;
      }
      if (rows === undefined) {
        rows = [];
        open.set(row.symbol, rows);
      }
      rows.push(row);
      openRows += 1;
      if (rows.length === limits.batchRowsMax) closed.push(close(row.symbol, rows));
      const [oldest] = open;
      if (openRows >= limits.openRowsMax && oldest !== undefined) closed.push(close(...oldest));
      return closed;
    },
    end() {
      return [...open].map(([symbol, rows]) => close(symbol, rows));
    },
  };
}

/**
 * The idempotency key of a batch: its symbol, its year and a hash of its content. The same prices
 * have the same key in every file; other prices have another key.
 */
export function toKey({ symbol, prices }: Pick<PriceBatch, 'symbol' | 'prices'>): string {
  const content = prices.map(({ price, occurredAt }) => `${occurredAt} ${price}\n`).join('');
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 40);
  return `import-prices ${symbol} ${yearOf(prices[0])} ${hash}`;
}

function yearOf(point: PricePoint | undefined): string {
  return point?.occurredAt.slice(0, 4) ?? '';
}
