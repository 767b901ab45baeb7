import type { Side } from '../../market/side.ts';
import { addValue } from './book-order.ts';
import { type Charge, chargeOf, reservationOf, type Totals, totalsOf } from './charge.ts';
import type { Fill } from './match.ts';
import type { MarketSession } from './session.ts';
import {
  fromMoney,
  type InstrumentUnits,
  toAmount,
  toFilledValue,
  toMoney,
  toPrice,
  toQuantity,
} from './units.ts';

/** An incoming order, with its totals so far. */
export interface Taker extends Totals {
  readonly id: string;
  readonly accountId: string;
  readonly side: Side;
  /** The limit price in ticks; null if it trades at any price. */
  readonly limit: number | null;
  readonly leaves: number;
  readonly filled: number;
  readonly value: string;
  /** The cash reserved for it, in minor units. */
  readonly held: bigint;
  /** The lots reserved for it. */
  readonly heldLots: number;
}

/** One side of a trade: what the fill charges, and the order after it. */
export interface Party extends Charge {
  readonly id: string;
  readonly accountId: string;
  readonly leaves: number;
  readonly filled: number;
  readonly value: string;
  /** The cash still reserved after the trade, and the cash that the trade released. */
  readonly held: bigint;
  readonly released: bigint;
  readonly releasedLots: number;
}

/** A trade with both its sides. */
interface TradeParties {
  readonly tradeId: string;
  readonly fill: Fill;
  readonly aggressor: Side;
  readonly buy: Party;
  readonly sell: Party;
}

/** Returns the data of the TradeExecuted event for a trade. */
export function toTrade(
  { symbol, units }: Pick<MarketSession, 'symbol' | 'units'>,
  trading: TradeParties,
) {
  const { tradeId, fill, aggressor, buy, sell } = trading;
  const buyAmount = toMoney(buy.amount, units);
  return {
    tradeId,
    symbol,
    price: toPrice(fill.maker.price, units),
    quantity: toQuantity(fill.lots, units),
    amount: units.isExact ? buyAmount : toAmount(fill.maker.price, fill.lots, units),
    currency: units.instrument.currency,
    rounding: 'ORDER_TOTAL' as const,
    aggressor,
    buyHeld: toMoney(buy.held, units),
    buyOrderId: buy.id,
    buyAccountId: buy.accountId,
    buyAmount,
    buyFee: toMoney(buy.fee, units),
    buyFilledQuantity: toQuantity(buy.filled, units),
    buyFilledValue: toFilledValue(buy.value, units),
    buyLeavesQuantity: toQuantity(buy.leaves, units),
    sellOrderId: sell.id,
    sellAccountId: sell.accountId,
    sellAmount: units.isExact ? buyAmount : toMoney(sell.amount, units),
    sellFee: toMoney(sell.fee, units),
    sellFilledQuantity: toQuantity(sell.filled, units),
    sellFilledValue: toFilledValue(sell.value, units),
    sellLeavesQuantity: toQuantity(sell.leaves, units),
  };
}

/** Returns the incoming order's side of a trade. */
export function takerParty(units: InstrumentUnits, taker: Taker, { maker, lots }: Fill): Party {
  const { price } = maker;
  const { side, limit } = taker;
  const charge = chargeOf(units, taker, { side, role: 'TAKER', price, lots });
  const leaves = taker.leaves - lots;
  const held = heldAfter(units, taker.held, charge, { limit, leaves });
  return {
    id: taker.id,
    accountId: taker.accountId,
    settled: charge.settled,
    accrued: charge.accrued,
    amount: charge.amount,
    fee: charge.fee,
    leaves,
    filled: taker.filled + lots,
    value: addValue(taker.value, price, lots),
    held,
    released: taker.held - held,
    releasedLots: Math.min(taker.heldLots, lots),
  };
}

/** Returns the resting order's side of a trade. */
export function makerParty(units: InstrumentUnits, { maker, lots }: Fill): Party {
  const { price, side } = maker;
  const charge = chargeOf(units, totalsOf(maker, units), { side, role: 'MAKER', price, lots });
  const leaves = maker.leaves - lots;
  const before = side === 'BUY' ? fromMoney(maker.held, units) : 0n;
  const held = heldAfter(units, before, charge, { limit: price, leaves });
  return {
    id: maker.id,
    accountId: maker.accountId,
    settled: charge.settled,
    accrued: charge.accrued,
    amount: charge.amount,
    fee: charge.fee,
    leaves,
    filled: maker.filled + lots,
    value: addValue(maker.value, price, lots),
    held,
    released: before - held,
    releasedLots: side === 'SELL' ? lots : 0,
  };
}

/**
 * Returns the cash that remains reserved for an order to buy after a charge. The reserved cash
 * covers the charge and the remainder at the limit, to the unit. It can be short only for orders
 * that were booked by older rules.
 */
function heldAfter(
  units: InstrumentUnits,
  before: bigint,
  charge: Charge,
  { limit, leaves }: { readonly limit: number | null; readonly leaves: number },
): bigint {
  if (before === 0n || leaves === 0) return 0n;
  const left = before - charge.amount - charge.fee;
  // An order without a limit is still matching and may need all its reserved cash.
  const needed = limit === null ? left : reservationOf(units, charge, limit, leaves);
  if (needed <= left) return needed > 0n ? needed : 0n;
  return left > 0n ? left : 0n;
}
