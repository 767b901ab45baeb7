import { stocks } from './stocks.ts';
import type { OrderTally } from './tally.ts';

/** What the demo says of itself now and then. */
export interface Status extends OrderTally {
  /** Orders in a second, lately. */
  readonly rate: number;
  /** By symbol; one that is not known is not here. */
  readonly lastPrices: ReadonlyMap<string, string>;
}

/** All of it on one line. */
export function statusLine({ orders, trades, refused, rate, lastPrices }: Status): string {
  const prices = stocks.map(({ symbol }) => `${symbol} ${toCents(lastPrices.get(symbol))}`);
  const counts = [
    `${orders.toLocaleString('en-US')} orders (${rate.toFixed(1)}/s, ${refused} refused)`,
    `${trades.toLocaleString('en-US')} trades`,
  ];
  return [...counts, ...prices].join('  ');
}

/** Why orders were refused, the most frequent first; null: none was. */
export function refusalsLine(refusals: ReadonlyMap<string, number>): string | null {
  if (refusals.size === 0) return null;
  const counts = [...refusals].sort(([, a], [, b]) => b - a);
  const parts = counts.map(([code, count]) => `${count.toLocaleString('en-US')} ${code}`);
  return `refused, as happens in any market: ${parts.join(', ')}`;
}

/** Prices of the history may have one digit after the point. */
function toCents(price: string | undefined): string {
  return price === undefined ? '-' : Number(price).toFixed(2);
}
