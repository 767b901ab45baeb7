import { parseWhole } from '../../../lib/whole.ts';
import { accountDecider } from '../../accounts/account.ts';
import { canSend } from '../../accounts/rules.ts';
import type { TimeInForce } from '../order-terms.ts';
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

/** An order that is being executed, in ticks and lots. */
export interface IncomingOrder extends Taker {
  readonly timeInForce: TimeInForce;
  readonly expiresAt: string | null;
  /** Whether it spends only what is reserved for it, because it continues after a pause. */
  readonly isReserved: boolean;
}

/** The range of prices at which an order has traded; null if it has not traded. */
export type PriceRange = { readonly low: number; readonly high: number } | null;

/** The result of executing an order. A paused order continues in the next command. */
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

/** The fills of an order. `reason` is why its remainder is canceled; null if it is not. */
interface Plan {
  readonly fills: readonly Fill[];
  readonly reason: EndReason | null;
  readonly isPaused: boolean;
}

/**
 * Trades an order with the book; the remainder rests there or is canceled. The order meets at most
 * as many resting orders as the command has steps left, and is then paused. `before` is the range
 * of prices at which it traded in earlier commands.
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

/** A trade is valid only if it is appended before either of its orders expires. */
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
    // The order was paused, and its account has been frozen since.
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
  // An order that has only met expired orders so far has not seen all that it could trade with.
  if (hasMore && matched.fills.length === 0) return { fills, reason: null, isPaused: true };
  const reason = isShort ? 'INSUFFICIENT_FUNDS' : reasonOf(order, matched, lots);
  const filled = fills.reduce((sum, fill) => sum + fill.lots, 0);
  if (isWhole && filled < order.leaves) {
    return { fills: [], reason: reason ?? 'FOK', isPaused: false };
  }
  return { fills, reason, isPaused: false };
}

/**
 * Matches an order, and removes resting orders that have expired or cannot trade. A fill-or-kill
 * order may meet the same number of orders no matter when it enters during a command, so that its
 * result does not depend on the work done before it.
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
    const isFinal = unable.length === 0 && (matched.end !== 'MORE' || matched.expired.length === 0);
    if (isFinal) return matched;
  }
}

/** Pauses an order until the next command, and reserves all that it may spend until then. */
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

/** Returns a paused order in the form in which its execution continues. */
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

/** Returns the number of lots that an order can deliver; an order to buy has no bound. */
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

/**
 * Adds the remainder of an order to the book. Adjusts its reservation to what it needs now.
 */
export function bookRemainder(
  market: MarketSession,
  order: IncomingOrder,
  priority = market.book().priority,
): void {
  const { units } = market;
  const { accountId, side, limit, leaves } = order;
  if (limit === null) throw new Error(`order ${order.id} has no limit price, so it cannot rest`);
  let held = 0n;
  if (side === 'BUY') {
    // A stop order parked by older rules may have one unit less reserved than it needs.
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

/** Returns a stop order in the form in which it enters the market once it is triggered. */
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
