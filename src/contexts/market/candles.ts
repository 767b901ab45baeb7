import type { View } from '../../kernel/view.ts';
import { compare, sum } from '../../lib/decimal.ts';
import type { TradeExecuted } from './events.ts';

const candleIntervals = ['MINUTE', 'HOUR', 'DAY'] as const;
export type CandleInterval = (typeof candleIntervals)[number];

/** The trades of an instrument in one interval, which begins at `start`, in UTC. */
export type Candle = {
  readonly symbol: string;
  readonly interval: CandleInterval;
  readonly start: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
  readonly trades: number;
};

/** The candles of all instruments and intervals. An interval without trades has no candle. */
export const candlesView: View<Candle> = {
  name: 'candles',
  version: 2,
  description: 'The candles of each instrument by minute, hour and day.',
  types: ['TradeExecuted'],
  keysOf(event) {
    const { symbol } = (event as TradeExecuted).data;
    return candleIntervals.map((interval) =>
      toCandleKey(symbol, interval, startOf(interval, event.occurredAt)),
    );
  },
  evolve(candle, event, key) {
    const { price, quantity } = (event as TradeExecuted).data;
    if (candle === undefined) return begin(event as TradeExecuted, key);
    return {
      ...candle,
      high: compare(price, candle.high) > 0 ? price : candle.high,
      low: compare(price, candle.low) < 0 ? price : candle.low,
      close: price,
      volume: sum(candle.volume, quantity),
      trades: candle.trades + 1,
    };
  },
  lists: {
    START: { position: ({ symbol, interval, start }) => toCandleKey(symbol, interval, start) },
  },
};

/** The key of a candle, also its position in the list START, which sorts an interval by time. */
export function toCandleKey(symbol: string, interval: CandleInterval, start: string): string {
  return `${symbol} ${interval} ${start}`;
}

/** The start of the interval that contains a time. */
export function startOf(interval: CandleInterval, time: string): string {
  const kept = { MINUTE: 16, HOUR: 13, DAY: 10 }[interval];
  return `${time.slice(0, kept)}${'0000-00-00T00:00:00.000000Z'.slice(kept)}`;
}

function begin({ data, occurredAt }: TradeExecuted, key: string): Candle {
  const { symbol, price, quantity } = data;
  const interval = candleIntervals.find((each) => key.startsWith(`${symbol} ${each} `)) ?? 'DAY';
  return {
    symbol,
    interval,
    start: startOf(interval, occurredAt),
    open: price,
    high: price,
    low: price,
    close: price,
    volume: quantity,
    trades: 1,
  };
}
