import type { QuoteSide } from './quotes.ts';
import type { Random } from './random.ts';
import { sharesFor } from './stocks.ts';

/** What a taker sees before it decides. Prices are in ticks. */
export interface TakerView {
  /** The best prices; null if the side of the book is empty. */
  readonly bid: number | null;
  readonly ask: number | null;
  readonly lastPrice: number;
  /** Dollars that are not reserved. */
  readonly cash: number;
  /** Shares that are not reserved. */
  readonly shares: number;
  /** The ratio of the position to the initial one, minus 1. */
  readonly surplus: number;
}

/** The order that a taker wants to place. Prices are in ticks. */
export interface TakerOrder {
  readonly side: QuoteSide;
  readonly type: 'MARKET' | 'LIMIT' | 'STOP';
  readonly timeInForce: 'IOC' | 'DAY' | 'GTC' | 'GTD';
  readonly quantity: number;
  readonly limitPrice: number | null;
  readonly stopPrice: number | null;
  /** The time until expiry; null unless the order is GTD. */
  readonly lifetimeMs: number | null;
}

const dollarsMin = 500;
const dollarsMax = 20_000;

/** A random order; null if neither cash nor shares are enough for one. */
export function takerOrder(view: TakerView, random: Random): TakerOrder | null {
  const quantity = sharesFor(
    dollarsMin + (dollarsMax - dollarsMin) * random.next() ** 2,
    view.lastPrice,
  );
  const side = chooseSide(view, random, quantity);
  return side === null ? null : { side, quantity, ...chooseTerms(view, random, side) };
}

/** A taker with more shares than initially tends to sell, which bounds every position. */
function chooseSide(view: TakerView, random: Random, quantity: number): QuoteSide | null {
  const buys = 0.5 - 0.4 * Math.min(Math.max(view.surplus, -1), 1);
  const canBuy = view.cash * 100 > quantity * view.lastPrice * 1.02;
  const canSell = view.shares >= quantity;
  const wanted: QuoteSide = random.chance(buys) ? 'BUY' : 'SELL';
  if (wanted === 'BUY') return canBuy ? 'BUY' : canSell ? 'SELL' : null;
  return canSell ? 'SELL' : canBuy ? 'BUY' : null;
}

type Terms = Omit<TakerOrder, 'side' | 'quantity'>;

function chooseTerms(view: TakerView, random: Random, side: QuoteSide): Terms {
  const none = { limitPrice: null, stopPrice: null, lifetimeMs: null };
  const away = side === 'BUY' ? -1 : 1;
  const touch = (side === 'BUY' ? view.ask : view.bid) ?? view.lastPrice;
  const shift = (bps: number) => Math.max(1, Math.round((view.lastPrice * bps) / 10_000));
  const kind = random.next();
  if (kind < 0.4) return { ...none, type: 'MARKET', timeInForce: 'IOC' };
  if (kind < 0.65) return { ...none, type: 'LIMIT', timeInForce: 'IOC', limitPrice: touch };
  if (kind < 0.82) {
    const limitPrice = touch + away * shift(random.integer(2, 20));
    return { ...none, type: 'LIMIT', timeInForce: 'DAY', limitPrice };
  }
  if (kind < 0.91) {
    const limitPrice = touch + away * shift(random.integer(5, 25));
    const lifetimeMs = random.integer(5, 30) * 1_000;
    return { ...none, type: 'LIMIT', timeInForce: 'GTD', limitPrice, lifetimeMs };
  }
  // A stop order buys after a rise of the price and sells after a fall.
  const stopPrice = view.lastPrice - away * shift(random.integer(10, 60));
  return { ...none, type: 'STOP', timeInForce: 'GTC', stopPrice };
}
