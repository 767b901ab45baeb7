import { stocks } from './stocks.ts';
import type { OrderTally } from './tally.ts';

/** The status of the demo. */
interface Status extends OrderTally {
  /** Orders a second since the last status. */
  readonly rate: number;
  /** By symbol; a price that is not known is missing. */
  readonly lastPrices: ReadonlyMap<string, string>;
}

/** Formats the status as one line. */
export function statusLine({ orders, trades, refused, rate, lastPrices }: Status): string {
  const prices = stocks.map(({ symbol }) => `${symbol} ${toCents(lastPrices.get(symbol))}`);
  const counts = [
    `${orders.toLocaleString('en-US')} orders (${rate.toFixed(1)}/s, ${refused} rejected)`,
    `${trades.toLocaleString('en-US')} trades`,
  ];
  return [...counts, ...prices].join('  ');
}

/** Why orders were rejected, the most frequent reason first; null if none was rejected. */
export function refusalsLine(refusals: ReadonlyMap<string, number>): string | null {
  if (refusals.size === 0) return null;
  const counts = [...refusals].sort(([, a], [, b]) => b - a);
  const parts = counts.map(([code, count]) => `${count.toLocaleString('en-US')} ${code}`);
  return `rejected, as happens in any market: ${parts.join(', ')}`;
}

/** Always two digits after the point; prices of the history may have only one. */
function toCents(price: string | undefined): string {
  return price === undefined ? '-' : Number(price).toFixed(2);
}
