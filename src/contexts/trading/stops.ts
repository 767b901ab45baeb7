import { addMicroseconds } from '../../lib/date-time.ts';
import { visit } from '../../lib/sorted-map.ts';
import { roundToSteps } from '../../lib/steps.ts';
import { AccountNotOpen } from '../accounts/rejections.ts';
import { canSend } from '../accounts/rules.ts';
import { findOrder } from './book.ts';
import { isStop, type StopOrder } from './book-order.ts';
import { roomRefusal } from './capacity.ts';
import { type EnteringOrder, enter, type PriceRange, toEntering } from './enter.ts';
import type { Market } from './market.ts';
import { cancelOpen, expire } from './open-orders.ts';
import { orderDecider } from './order.ts';
import { sizeRefusal } from './size.ts';
import { toPrice } from './terms.ts';

/** A stop order whose price is reached, and the price that reached it. */
interface Triggered {
  readonly id: string;
  readonly price: string;
}

/** Enters an order, and after it the stop orders that its trades have triggered. */
export function enterWithStops(market: Market, order: EnteringOrder): void {
  enterTriggered(market, triggeredBy(market, enter(market, order)));
}

/**
 * Enters the stop orders that the last price, as it is known now, has reached and that were placed by
 * the time at which it occurred; null: all of them were.
 */
export function enterReached(market: Market, occurredAt: string | null): void {
  const { lastPrice } = market.book();
  if (lastPrice === null) return;
  const { tick } = market.terms;
  const range = {
    low: roundToSteps(lastPrice, tick, 'up'),
    high: roundToSteps(lastPrice, tick, 'down'),
  };
  const reached = stopsWithin(market, range).filter(
    (order) => occurredAt === null || isPlacedBy(market, order, occurredAt),
  );
  enterTriggered(
    market,
    reached.map(({ id }) => ({ id, price: lastPrice })),
  );
}

/** Whether a stop order had been placed at a time. */
function isPlacedBy({ context }: Market, { id, heldAt }: StopOrder, time: string): boolean {
  if (heldAt <= time) return true;
  // It was placed in the same append, so that its own stream has to tell only if the time is close.
  if (heldAt > addMicroseconds(time, appendMicrosecondsMax)) return false;
  const placedAt = context.load(orderDecider, id).state?.placedAt;
  return placedAt !== undefined && placedAt <= time;
}

/** Longer than the events of any append are apart: there is one in each microsecond. */
const appendMicrosecondsMax = 1_000_000;

/** Whether the last price has reached a stop already. */
export function isReached(market: Market, side: 'BUY' | 'SELL', stop: number): boolean {
  const { lastPrice } = market.book();
  if (lastPrice === null) return false;
  const { tick } = market.terms;
  return side === 'BUY'
    ? roundToSteps(lastPrice, tick, 'down') >= stop
    : roundToSteps(lastPrice, tick, 'up') <= stop;
}

/** Tells that the price of a stop order has been reached; the order itself is to be entered next. */
export function recordTriggered(
  market: Market,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  price: string,
): void {
  const { symbol } = market;
  market.recordInBook({
    type: 'OrderTriggered',
    data: { orderId: id, accountId, symbol, price },
  });
}

/**
 * Enters triggered orders one after the other; those that one of them triggers come after those
 * before it. Each order is triggered once, so there are at most as many as were held.
 */
function enterTriggered(market: Market, triggered: readonly Triggered[]): void {
  const queue = [...triggered];
  const queued = new Set(queue.map(({ id }) => id));
  for (const { id, price } of queue) {
    const order = findOrder(market.book(), id);
    if (order === null || !isStop(order)) continue;
    for (const next of triggeredBy(market, enterOne(market, order, price))) {
      if (queued.has(next.id)) continue;
      queued.add(next.id);
      queue.push(next);
    }
  }
}

function enterOne(market: Market, order: StopOrder, price: string): PriceRange {
  if (order.expiresAt !== null && order.expiresAt <= market.now) {
    expire(market, order);
    return null;
  }
  const entering = toEntering(market, order);
  const fault = faultOf(market, entering);
  if (fault !== null) {
    cancelOpen(market, order, fault);
    return null;
  }
  recordTriggered(market, order, price);
  return enter(market, entering);
}

/** Why an order cannot enter now although it could be placed: the code of a refusal. */
function faultOf(market: Market, order: EnteringOrder): string | null {
  const account = market.account(order.accountId);
  if (!canSend(account)) return AccountNotOpen.code;
  const refusal = sizeRefusal(market, order) ?? roomRefusal(market, order, account);
  return refusal?.code ?? null;
}

function triggeredBy(market: Market, range: PriceRange): readonly Triggered[] {
  if (range === null) return [];
  return stopsWithin(market, range).map(({ id, side }) => ({
    id,
    price: toPrice(side === 'BUY' ? range.high : range.low, market.terms),
  }));
}

/** The held orders that prices of a range have reached, first those that were placed first. */
function stopsWithin(
  market: Market,
  { low, high }: { readonly low: number; readonly high: number },
): readonly StopOrder[] {
  const { buyStops, sellStops } = market.book();
  const reached: StopOrder[] = [];
  function take(order: StopOrder): boolean {
    const isHit = order.side === 'BUY' ? order.stop <= high : order.stop >= low;
    if (isHit) reached.push(order);
    return isHit;
  }
  visit(buyStops, (orders) => visit(orders, take));
  visit(sellStops, (orders) => visit(orders, take));
  return reached.sort((a, b) => a.priority - b.priority);
}
