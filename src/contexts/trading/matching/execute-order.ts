import { parseWhole } from '../../../lib/whole.ts';
import { accountDecider } from '../../accounts/account.ts';
import { canSend } from '../../accounts/rules.ts';
import type { TimeInForce } from '../order.ts';
import type { PausedOrder } from './agenda.ts';
import type { StopOrder } from './book-order.ts';
import { noTotals, reservationOf } from './charge.ts';
import { type Fill, type Match, match } from './match.ts';
import { cancelOpen, expire, toBooked, toProgress } from './open-orders.ts';
import {
  availableCash,
  availableLots,
  type MarketSession,
  recordReservation,
  reserveCash,
  reserveShares,
} from './session.ts';
import { findUnable, payableFills, settle } from './settle.ts';
import type { Taker } from './trade.ts';
import {
  fromAccruedFee,
  fromMoney,
  toAccruedFee,
  toFilledValue,
  toMoney,
  toPrice,
  toQuantity,
} from './units.ts';

/** An order on its way into the market, in ticks and lots. */
export interface IncomingOrder extends Taker {
  readonly timeInForce: TimeInForce;
  readonly expiresAt: string | null;
  /** Whether it spends what is reserved for it and nothing else: it goes on after a pause. */
  readonly isReserved: boolean;
}

/** The prices at which an order has traded; null: it has not. */
export type PriceRange = { readonly low: number; readonly high: number } | null;

/** What has become of an order that entered; paused: it goes on in the next command. */
export interface Execution {
  readonly range: PriceRange;
  readonly isPaused: boolean;
}

type EndReason =
  | 'ACCOUNT_NOT_OPEN'
  | 'SELF_TRADE'
  | 'NO_LIQUIDITY'
  | 'INSUFFICIENT_FUNDS'
  | 'INSUFFICIENT_SHARES'
  | 'IOC'
  | 'FOK'
  | 'TOO_MANY_FILLS';

/** What an order will trade with, and what becomes of the rest; null: it rests in the book. */
interface Plan {
  readonly fills: readonly Fill[];
  readonly reason: EndReason | null;
  readonly isPaused: boolean;
}

/**
 * Trades an order with the book as far as it goes; what is left rests there, or is canceled. Meets as
 * many others as the command has steps left, and is then paused. `before`: at what it has traded.
 */
export function executeOrder(
  market: MarketSession,
  order: IncomingOrder,
  before: PriceRange = null,
): Execution {
  const { fills, reason, isPaused } = plan(market, order);
  market.context.spendSteps(fills.length);
  if (fills.length > 0) holdWhileOpen(market, [order, ...fills.map(({ maker }) => maker)]);
  let taker: IncomingOrder = order;
  for (const fill of fills) taker = settle(market, taker, fill);
  const range = fills.reduce(withPrice, before);
  if (isPaused) pause(market, taker, range);
  else if (taker.leaves > 0 && reason === null) bookRemainder(market, taker);
  else if (taker.leaves > 0) cancel(market, taker, reason);
  else releaseAll(market, taker);
  return { range, isPaused };
}

/** A trade counts only before the time of one of its orders is over, however long its append takes. */
function holdWhileOpen(
  { context }: MarketSession,
  orders: readonly Pick<IncomingOrder, 'expiresAt'>[],
): void {
  for (const { expiresAt } of orders) if (expiresAt !== null) context.holdsUntil(expiresAt);
}

function withPrice(range: PriceRange, { maker: { price } }: Fill): PriceRange {
  if (range === null) return { low: price, high: price };
  return { low: Math.min(range.low, price), high: Math.max(range.high, price) };
}

function plan(market: MarketSession, order: IncomingOrder): Plan {
  if (!canSend(market.account(order.accountId))) {
    // It was paused, and its account has been frozen since then.
    return { fills: [], reason: 'ACCOUNT_NOT_OPEN', isPaused: false };
  }
  const lots = Math.min(order.leaves, sellableLots(market, order));
  const isWhole = order.timeInForce === 'FOK';
  const matched = matchAble(market, { ...order, lots }, isWhole);
  const hasMore = matched.end === 'MORE';
  const fills = order.side === 'BUY' ? payable(market, order, matched.fills) : matched.fills;
  const isShort =
    fills.length < matched.fills.length || fills.at(-1)?.lots !== matched.fills.at(-1)?.lots;
  if (hasMore && !isShort && !isWhole) return { fills, reason: null, isPaused: true };
  // One that is still to meet orders whose time is over has not seen all that it could trade with.
  if (hasMore && matched.fills.length === 0) return { fills, reason: null, isPaused: true };
  const reason = isShort ? 'INSUFFICIENT_FUNDS' : reasonOf(order, matched, lots);
  const filled = fills.reduce((sum, fill) => sum + fill.lots, 0);
  if (isWhole && filled < order.leaves) {
    return { fills: [], reason: reason ?? 'FOK', isPaused: false };
  }
  return { fills, reason, isPaused: false };
}

/**
 * Matches, and removes resting orders that have expired or cannot be traded with. An order that is to
 * be filled whole or not at all meets as many wherever in a command it enters: what becomes of it does
 * not depend on what was done before it.
 */
function matchAble(
  market: MarketSession,
  order: IncomingOrder & { readonly lots: number },
  isWhole: boolean,
): Match {
  const { context } = market;
  for (;;) {
    const left = Math.max(0, context.stepsLeft());
    const metMax = isWhole && left > 0 ? context.stepsMax : left;
    const matched = match(market.book(), { ...order, metMax }, market.now);
    for (const maker of matched.expired) expire(market, maker);
    context.spendSteps(matched.expired.length);
    const accounts = matched.fills.map(({ maker }) => maker.accountId);
    context.prepare(accountDecider, [order.accountId, ...new Set(accounts)]);
    const unable = findUnable(market, matched.fills);
    for (const { maker, reason } of unable) cancelOpen(market, maker, reason);
    context.spendSteps(unable.length);
    const isSettled =
      unable.length === 0 && (matched.end !== 'MORE' || matched.expired.length === 0);
    if (isSettled) return matched;
  }
}

/** Lets an order go on in the next command, with all that it may spend reserved until then. */
function pause(market: MarketSession, order: IncomingOrder, range: PriceRange): void {
  const { units } = market;
  const { limit, leaves } = order;
  const account = market.account(order.accountId);
  let { held, heldLots } = order;
  if (order.side === 'BUY') {
    const all = held + (order.isReserved ? 0n : availableCash(market, account));
    const needed = limit === null ? all : reservationOf(units, order, limit, leaves);
    held = needed < all ? needed : all;
    if (held === 0n) recordReservation(market, order, 0n);
    else reserveCash(market, order, held - order.held);
  } else {
    heldLots = Math.min(leaves, sellableLots(market, order));
    reserveShares(market, order, heldLots - order.heldLots);
  }
  const priceOf = (ticks: number | null) => (ticks === null ? null : toPrice(ticks, units));
  market.recordInBook({
    type: 'OrderPaused',
    data: {
      ...toProgress(market, order),
      timeInForce: order.timeInForce,
      limitPrice: priceOf(limit),
      held: toMoney(held, units),
      heldQuantity: toQuantity(heldLots, units),
      expiresAt: order.expiresAt,
      settledValue: toFilledValue(String(order.settled), units),
      accruedFee: toAccruedFee(order.accrued, units),
      lowPrice: priceOf(range?.low ?? null),
      highPrice: priceOf(range?.high ?? null),
    },
  });
}

/** A paused order, as it goes on. */
export function resumeOrder({ units }: MarketSession, order: PausedOrder): IncomingOrder {
  const { id, accountId, side, limit, leaves, filled, value, heldLots } = order;
  return {
    id,
    accountId,
    side,
    limit,
    leaves,
    filled,
    value,
    heldLots,
    held: fromMoney(order.held, units),
    timeInForce: order.timeInForce,
    expiresAt: order.expiresAt,
    isReserved: true,
    settled: parseWhole(order.settled),
    accrued: fromAccruedFee(order.accruedFee, units),
  };
}

function payable(
  market: MarketSession,
  order: IncomingOrder,
  fills: readonly Fill[],
): readonly Fill[] {
  const free = order.isReserved ? 0n : availableCash(market, market.account(order.accountId));
  return payableFills(market, order, fills, free + order.held);
}

/** How many lots there are to deliver; an order with a limit has reserved, or will, what it sells. */
function sellableLots(
  market: MarketSession,
  { side, accountId, heldLots, isReserved }: IncomingOrder,
): number {
  if (side === 'BUY') return Number.POSITIVE_INFINITY;
  if (isReserved) return heldLots;
  return heldLots + availableLots(market, market.account(accountId));
}

function reasonOf(order: IncomingOrder, { end }: Match, lots: number): EndReason | null {
  if (end === 'SELF_TRADE') return end;
  if (end === 'MORE') return 'TOO_MANY_FILLS';
  if (end === 'FILLED') return lots < order.leaves ? 'INSUFFICIENT_SHARES' : null;
  const { timeInForce, limit } = order;
  if (timeInForce === 'IOC' || timeInForce === 'FOK') return timeInForce;
  return limit === null ? 'NO_LIQUIDITY' : null;
}

/** Books an order, with what it needs reserved: more of it, or less, than before. */
export function bookRemainder(
  market: MarketSession,
  order: IncomingOrder,
  priority = market.book().priority,
): void {
  const { units } = market;
  const { accountId, side, limit, leaves } = order;
  if (limit === null) throw new Error('an order without a limit does not rest');
  let held = 0n;
  if (side === 'BUY') {
    // A stop order held by older rules may have a unit less than it needs.
    const available = availableCash(market, market.account(accountId)) + order.held;
    const needed = reservationOf(units, order, limit, leaves);
    held = needed < available ? needed : available;
    reserveCash(market, order, held - order.held);
  } else {
    reserveShares(market, order, leaves - order.heldLots);
  }
  const data = toBooked(market, order, { limit, priority, held, expiresAt: order.expiresAt });
  market.recordInBook({ type: 'OrderBooked', data });
}

function cancel(market: MarketSession, order: IncomingOrder, reason: EndReason | null): void {
  releaseAll(market, order);
  market.recordInBook({
    type: 'OrderCanceled',
    data: { price: null, reason, ...toProgress(market, order) },
  });
}

function releaseAll(market: MarketSession, order: IncomingOrder): void {
  reserveCash(market, order, -order.held);
  reserveShares(market, order, -order.heldLots);
}

/** An order that was held and whose price is reached, as it enters. */
export function toIncoming(market: MarketSession, order: StopOrder): IncomingOrder {
  const { units } = market;
  return {
    id: order.id,
    accountId: order.accountId,
    side: order.side,
    limit: order.limit,
    leaves: order.leaves,
    filled: order.filled,
    value: order.value,
    held: order.side === 'BUY' ? fromMoney(order.held, units) : 0n,
    heldLots: order.side === 'SELL' ? order.leaves : 0,
    timeInForce: order.timeInForce,
    expiresAt: order.expiresAt,
    isReserved: false,
    ...noTotals,
  };
}
