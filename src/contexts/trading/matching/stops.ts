import { addMicroseconds } from '../../../lib/date-time.ts';
import { createFindFirst } from '../../../lib/first-within.ts';
import { roundToSteps } from '../../../lib/steps.ts';
import { AccountNotOpen } from '../../accounts/rejections.ts';
import { canSend } from '../../accounts/rules.ts';
import { orderDecider } from '../order.ts';
import type { Wave } from './agenda.ts';
import type { StopOrder } from './book-order.ts';
import { capacityRejection } from './capacity.ts';
import { type Execution, executeOrder, type IncomingOrder, toIncoming } from './execute-order.ts';
import { cancelOpen, expire } from './open-orders.ts';
import type { MarketSession } from './session.ts';
import { sizeRejection } from './size.ts';
import { toPrice } from './units.ts';

/**
 * Returns the wave of a recorded price. It reaches only stop orders that were placed by `placedBy`;
 * all of them if that is null.
 */
export function toWave(
  { units: { tick } }: MarketSession,
  price: string,
  placedBy: string | null,
): Wave {
  const low = roundToSteps(price, tick, 'up');
  const high = roundToSteps(price, tick, 'down');
  return { low, high, price, placedBy };
}

const findBuy = createFindFirst<StopOrder>(({ stop }) => stop);
const findSell = createFindFirst<StopOrder>(({ stop }) => -stop);

/**
 * Returns the stop order that a wave has reached and that enters next after the priority `after`;
 * null if none is left.
 */
export function nextReached(market: MarketSession, wave: Wave, after: number): StopOrder | null {
  const { low, high, placedBy } = wave;
  const { buyStops, sellStops } = market.book();
  let behind = after;
  for (;;) {
    const buy = findBuy(buyStops, behind, high);
    const sell = findSell(sellStops, behind, -low);
    const next = earlierOf(buy, sell);
    if (next === null || placedBy === null || isPlacedBy(market, next, placedBy)) return next;
    behind = next.priority;
  }
}

function earlierOf(a: StopOrder | undefined, b: StopOrder | undefined): StopOrder | null {
  if (a === undefined || b === undefined) return a ?? b ?? null;
  return a.priority < b.priority ? a : b;
}

/** Executes a stop order that a wave has reached, or ends it if it can no longer enter. */
export function executeReached(market: MarketSession, order: StopOrder, wave: Wave): Execution {
  if (order.expiresAt !== null && order.expiresAt <= market.now) {
    expire(market, order);
    return notExecuted;
  }
  const entering = toIncoming(market, order);
  const fault = faultOf(market, entering);
  if (fault !== null) {
    cancelOpen(market, order, fault);
    return notExecuted;
  }
  const { price, low, high } = wave;
  const reachedBy = price ?? toPrice(order.side === 'BUY' ? high : low, market.units);
  recordTriggered(market, order, reachedBy);
  return executeOrder(market, entering);
}

const notExecuted: Execution = { range: null, isPaused: false };

/** Returns whether a stop order had been placed by a time. */
function isPlacedBy({ context }: MarketSession, { id, heldAt }: StopOrder, time: string): boolean {
  if (heldAt <= time) return true;
  // It was placed in the same append, so its own stream is needed only if the time is close.
  if (heldAt > addMicroseconds(time, appendMicrosecondsMax)) return false;
  const placedAt = context.load(orderDecider, id).state?.placedAt;
  return placedAt !== undefined && placedAt <= time;
}

/** Longer than any append spans: its events are one microsecond apart. */
const appendMicrosecondsMax = 1_000_000;

/** Returns whether the last price has already reached a stop price. */
export function isReached(market: MarketSession, side: 'BUY' | 'SELL', stop: number): boolean {
  const { lastPrice } = market.book();
  if (lastPrice === null) return false;
  const { tick } = market.units;
  return side === 'BUY'
    ? roundToSteps(lastPrice, tick, 'down') >= stop
    : roundToSteps(lastPrice, tick, 'up') <= stop;
}

/**
 * Records that the trigger price of a stop order was reached. The caller then executes the order.
 */
export function recordTriggered(
  market: MarketSession,
  { id, accountId }: { readonly id: string; readonly accountId: string },
  price: string,
): void {
  const { symbol } = market;
  market.recordInBook({
    type: 'OrderTriggered',
    data: { orderId: id, accountId, symbol, price },
  });
}

/** Returns the code of the rejection of a stop order that can no longer enter; null if it can. */
function faultOf(market: MarketSession, order: IncomingOrder): string | null {
  const account = market.account(order.accountId);
  if (!canSend(account)) return AccountNotOpen.code;
  const rejection = sizeRejection(market, order) ?? capacityRejection(market, order, account);
  return rejection?.code ?? null;
}
