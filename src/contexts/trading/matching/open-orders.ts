import { findOrder } from './book.ts';
import { isStop, type OpenOrder, type RestingOrder } from './book-order.ts';
import type { Totals } from './charge.ts';
import { holdCash, holdShares, type Market } from './session.ts';
import { fromMoney, toAccruedFee, toFilledValue, toMoney, toPrice, toQuantity } from './units.ts';

/** Takes an open order out of the book, with all that is reserved for it. */
export function releaseOpen(market: Market, order: OpenOrder): void {
  if (order.side === 'BUY') holdCash(market, order, -fromMoney(order.held, market.terms));
  else holdShares(market, order, -order.leaves);
}

export function cancelOpen(market: Market, order: OpenOrder, reason: string | null): void {
  releaseOpen(market, order);
  market.recordInBook({ type: 'OrderCanceled', data: { reason, ...toFinal(market, order) } });
}

/** Ends an order whose time is over. */
export function expire(market: Market, order: OpenOrder): void {
  const { expiresAt } = order;
  if (expiresAt === null) throw new Error(`order ${order.id} does not expire`);
  releaseOpen(market, order);
  market.recordInBook({ type: 'OrderExpired', data: { expiresAt, ...toFinal(market, order) } });
}

/** The open order of an id; one whose time is over is ended first, and is open no more. */
export function findOpen(market: Market, id: string): OpenOrder | null {
  const order = findOrder(market.book(), id);
  if (order?.expiresAt == null) return order;
  if (order.expiresAt > market.now) {
    market.context.holdsUntil(order.expiresAt);
    return order;
  }
  expire(market, order);
  return null;
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
  market: Pick<Market, 'symbol' | 'terms'>,
  order: Progress & Totals,
  { limit, priority, held, expiresAt }: Rest,
) {
  const { terms } = market;
  return {
    price: toPrice(limit, terms),
    priority,
    held: toMoney(held, terms),
    expiresAt,
    settledValue: toFilledValue(String(order.settled), terms),
    accruedFee: toAccruedFee(order.accrued, terms),
    ...toProgress(market, order),
  };
}

type Progress = Pick<RestingOrder, 'id' | 'accountId' | 'side' | 'leaves' | 'filled' | 'value'>;

/** How far an order is. */
export function toProgress({ terms, symbol }: Pick<Market, 'symbol' | 'terms'>, order: Progress) {
  return {
    orderId: order.id,
    accountId: order.accountId,
    symbol,
    side: order.side,
    filledQuantity: toQuantity(order.filled, terms),
    filledValue: toFilledValue(order.value, terms),
    leavesQuantity: toQuantity(order.leaves, terms),
  };
}

/** What an order that was open has come to. */
export function toFinal(market: Pick<Market, 'symbol' | 'terms'>, order: OpenOrder) {
  const price = isStop(order) ? null : toPrice(order.price, market.terms);
  return { price, ...toProgress(market, order) };
}
