import { addValue } from './book-order.ts';
import type { Market } from './market.ts';
import type { Fill } from './matching.ts';
import type { Side } from './order.ts';
import {
  fromMoney,
  holdOf,
  type Terms,
  toFilledValue,
  toMoney,
  toPrice,
  toQuantity,
} from './terms.ts';

/** An order that trades on arrival, with what it has come to so far. */
export interface Taker {
  readonly id: string;
  readonly accountId: string;
  readonly side: Side;
  /** Null: at any price. */
  readonly limit: number | null;
  readonly leaves: number;
  readonly filled: number;
  readonly value: string;
  /** Cash reserved for it, in minor units. */
  readonly held: bigint;
  /** Lots reserved for it. */
  readonly heldLots: number;
}

/** One side of a trade, after it. */
export interface Party {
  readonly id: string;
  readonly accountId: string;
  readonly fee: bigint;
  readonly leaves: number;
  readonly filled: number;
  readonly value: string;
  /** Cash still reserved after it, and what was free with it. */
  readonly held: bigint;
  readonly released: bigint;
  readonly releasedLots: number;
}

export interface Trading {
  readonly tradeId: string;
  readonly fill: Fill;
  readonly amount: bigint;
  readonly aggressor: Side;
  readonly buy: Party;
  readonly sell: Party;
}

/** What the book records of a trade. */
export function toTrade({ symbol, terms }: Pick<Market, 'symbol' | 'terms'>, trading: Trading) {
  const { tradeId, fill, amount, aggressor, buy, sell } = trading;
  return {
    tradeId,
    symbol,
    price: toPrice(fill.maker.price, terms),
    quantity: toQuantity(fill.lots, terms),
    amount: toMoney(amount, terms),
    currency: terms.instrument.currency,
    rounding: 'HALF_UP',
    aggressor,
    buyHeld: toMoney(buy.held, terms),
    buyOrderId: buy.id,
    buyAccountId: buy.accountId,
    buyFee: toMoney(buy.fee, terms),
    buyFilledQuantity: toQuantity(buy.filled, terms),
    buyFilledValue: toFilledValue(buy.value, terms),
    buyLeavesQuantity: toQuantity(buy.leaves, terms),
    sellOrderId: sell.id,
    sellAccountId: sell.accountId,
    sellFee: toMoney(sell.fee, terms),
    sellFilledQuantity: toQuantity(sell.filled, terms),
    sellFilledValue: toFilledValue(sell.value, terms),
    sellLeavesQuantity: toQuantity(sell.leaves, terms),
  };
}

/** The incoming order after a fill. */
export function takerParty(terms: Terms, taker: Taker, { maker, lots }: Fill): Party {
  const { price } = maker;
  const leaves = taker.leaves - lots;
  const held =
    taker.limit === null ? 0n : reservedFor(terms, taker.held, { limit: taker.limit, leaves });
  return {
    id: taker.id,
    accountId: taker.accountId,
    fee: terms.takerFee(price, lots),
    leaves,
    filled: taker.filled + lots,
    value: addValue(taker.value, price, lots),
    held,
    released: taker.held - held,
    releasedLots: Math.min(taker.heldLots, lots),
  };
}

/** The resting order after a fill. */
export function makerParty(terms: Terms, { maker, lots }: Fill): Party {
  const { price } = maker;
  const leaves = maker.leaves - lots;
  const before = maker.side === 'BUY' ? fromMoney(maker.held, terms) : 0n;
  const held = reservedFor(terms, before, { limit: price, leaves });
  return {
    id: maker.id,
    accountId: maker.accountId,
    fee: terms.makerFee(price, lots),
    leaves,
    filled: maker.filled + lots,
    value: addValue(maker.value, price, lots),
    held,
    released: before - held,
    releasedLots: maker.side === 'SELL' ? lots : 0,
  };
}

/** What remains reserved for an order of which so much is left; never more than was before. */
export function reservedFor(
  terms: Terms,
  before: bigint,
  { limit, leaves }: { readonly limit: number; readonly leaves: number },
): bigint {
  if (before === 0n || leaves === 0) return 0n;
  const needed = holdOf(terms, limit, leaves);
  return needed < before ? needed : before;
}
