import { findOrder } from './book.ts';
import { isStop, type OpenOrder, type RestingOrder } from './book-order.ts';
import type { Totals } from './charge.ts';
import { type MarketSession, reserveCash, reserveShares } from './session.ts';
import { fromMoney, toAccruedFee, toFilledValue, toMoney, toPrice, toQuantity } from './units.ts';

/** Takes an open order out of the book, with all that is reserved for it. */
export function releaseOpen(market: MarketSession, order: OpenOrder): void {
  if (order.side === 'BUY') reserveCash(market, order, -fromMoney(order.held, market.units));
  else reserveShares(market, order, -order.leaves);
}

export function cancelOpen(market: MarketSession, order: OpenOrder, reason: string | null): void {
  releaseOpen(market, order);
  market.recordInBook({ type: 'OrderCanceled', data: { reason, ...toFinal(market, order) } });
}

/** Ends an order whose time is over. */
export function expire(market: MarketSession, order: OpenOrder): void {
  const { expiresAt } = order;
  if (expiresAt === null) throw new Error(`order ${order.id} does not expire`);
  releaseOpen(market, order);
  market.recordInBook({ type: 'OrderExpired', data: { expiresAt, ...toFinal(market, order) } });
}

/** Expires an open order that is due; a decision on one that is not yet due holds until it is. */
export function expireIfDue(market: MarketSession, id: string): void {
  const order = findOrder(market.book(), id);
  if (order?.expiresAt == null) return;
  if (order.expiresAt > market.now) market.context.holdsUntil(order.expiresAt);
  else expire(market, order);
}

/** How an order rests. */
export interface Rest {
  readonly limit: number;
  readonly priority: number;
  readonly held: bigint;
  readonly expiresAt: string | null;
}

/** What the book records of an order that rests from now on. */
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

/** How far an order is. */
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

/** What an order that was open has come to. */
export function toFinal(market: Pick<MarketSession, 'symbol' | 'units'>, order: OpenOrder) {
  const price = isStop(order) ? null : toPrice(order.price, market.units);
  return { price, ...toProgress(market, order) };
}
