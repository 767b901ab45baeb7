import { findOrder } from './book.ts';
import { isStop, type OpenOrder, type RestingOrder } from './book-order.ts';
import type { Totals } from './charge.ts';
import { type MarketSession, reserveCash, reserveShares } from './session.ts';
import { fromMoney, toAccruedFee, toFilledValue, toMoney, toPrice, toQuantity } from './units.ts';

/** Releases all cash and shares that are reserved for an open order. */
export function releaseOpen(market: MarketSession, order: OpenOrder): void {
  if (order.side === 'BUY') reserveCash(market, order, -fromMoney(order.held, market.units));
  else reserveShares(market, order, -order.leaves);
}

/** Cancels an open order and releases what is reserved for it. */
export function cancelOpen(market: MarketSession, order: OpenOrder, reason: string | null): void {
  releaseOpen(market, order);
  market.recordInBook({ type: 'OrderCanceled', data: { reason, ...toFinal(market, order) } });
}

/** Expires an open order and releases what is reserved for it. */
export function expire(market: MarketSession, order: OpenOrder): void {
  const { expiresAt } = order;
  if (expiresAt === null) throw new Error(`order ${order.id} has no expiry time`);
  releaseOpen(market, order);
  market.recordInBook({ type: 'OrderExpired', data: { expiresAt, ...toFinal(market, order) } });
}

/**
 * Expires an open order that is due. If it is not due yet, the decision of the command is valid
 * only until it is due.
 */
export function expireIfDue(market: MarketSession, id: string): void {
  const order = findOrder(market.book(), id);
  if (order?.expiresAt == null) return;
  if (order.expiresAt > market.now) market.context.holdsUntil(order.expiresAt);
  else expire(market, order);
}

/** The terms on which an order rests in the book. */
interface Rest {
  readonly limit: number;
  readonly priority: number;
  readonly held: bigint;
  readonly expiresAt: string | null;
}

/** Returns the data of the OrderBooked event for an order that now rests. */
export function toBooked(
  market: Pick<MarketSession, 'symbol' | 'units'>,
  order: Progress & Totals,
  { limit, priority, held, expiresAt }: Rest,
) {
  const { units } = market;
  return {
    price: toPrice(limit, units),
    priority,
    held: toMoney(held, units),
    expiresAt,
    settledValue: toFilledValue(String(order.settled), units),
    accruedFee: toAccruedFee(order.accrued, units),
    ...toProgress(market, order),
  };
}

type Progress = Pick<RestingOrder, 'id' | 'accountId' | 'side' | 'leaves' | 'filled' | 'value'>;

/** Returns the progress of an order as events record it. */
export function toProgress(
  { units, symbol }: Pick<MarketSession, 'symbol' | 'units'>,
  order: Progress,
) {
  return {
    orderId: order.id,
    accountId: order.accountId,
    symbol,
    side: order.side,
    filledQuantity: toQuantity(order.filled, units),
    filledValue: toFilledValue(order.value, units),
    leavesQuantity: toQuantity(order.leaves, units),
  };
}

/** Returns the final state of an open order as the event that ends it records it. */
export function toFinal(market: Pick<MarketSession, 'symbol' | 'units'>, order: OpenOrder) {
  const price = isStop(order) ? null : toPrice(order.price, market.units);
  return { price, ...toProgress(market, order) };
}
