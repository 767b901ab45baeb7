import { accountDecider } from '../accounts/account.ts';
import type { StopOrder } from './book-order.ts';
import { holdOf, noTotals } from './charge.ts';
import { availableCash, availableLots, holdCash, holdShares, type Market } from './market.ts';
import { type Fill, type Match, match } from './matching.ts';
import { cancelOpen, expire, toBooked, toProgress } from './open-orders.ts';
import type { TimeInForce } from './order.ts';
import { findUnable, payableFills, settle } from './settle.ts';
import { fromMoney } from './terms.ts';
import type { Taker } from './trade.ts';

/** An order on its way into the market, in ticks and lots. */
export interface EnteringOrder extends Taker {
  readonly timeInForce: TimeInForce;
  readonly expiresAt: string | null;
}

/** The prices at which an order has traded; null: it has not. */
export type PriceRange = { readonly low: number; readonly high: number } | null;

type EndReason =
  | 'SELF_TRADE'
  | 'NO_LIQUIDITY'
  | 'INSUFFICIENT_FUNDS'
  | 'INSUFFICIENT_SHARES'
  | 'IOC'
  | 'FOK';

/** What an order will trade with, and what becomes of the rest; null: it rests in the book. */
interface Plan {
  readonly fills: readonly Fill[];
  readonly reason: EndReason | null;
}

/** Trades an order with the book as far as it goes; what is left rests there, or is canceled. */
export function enter(market: Market, order: EnteringOrder): PriceRange {
  const { fills, reason } = plan(market, order);
  let taker: EnteringOrder = order;
  for (const fill of fills) taker = settle(market, taker, fill);
  if (taker.leaves > 0 && reason === null) rest(market, taker);
  else if (taker.leaves > 0) cancel(market, taker, reason);
  else releaseAll(market, taker);
  const prices = fills.map(({ maker }) => maker.price);
  if (prices.length === 0) return null;
  return prices.reduce(
    ({ low, high }, price) => ({ low: Math.min(low, price), high: Math.max(high, price) }),
    { low: Number.POSITIVE_INFINITY, high: 0 },
  );
}

function plan(market: Market, order: EnteringOrder): Plan {
  const lots = Math.min(order.leaves, sellableLots(market, order));
  const matched = matchAble(market, order, lots);
  const fills = order.side === 'BUY' ? payable(market, order, matched.fills) : matched.fills;
  const isShort =
    fills.length < matched.fills.length || fills.at(-1)?.lots !== matched.fills.at(-1)?.lots;
  const reason = isShort ? 'INSUFFICIENT_FUNDS' : reasonOf(order, matched, lots);
  const filled = fills.reduce((sum, fill) => sum + fill.lots, 0);
  if (order.timeInForce === 'FOK' && filled < order.leaves) {
    return { fills: [], reason: reason ?? 'FOK' };
  }
  return { fills, reason };
}

/** Matches, and removes resting orders that have expired or cannot be traded with. */
function matchAble(market: Market, { accountId, side, limit }: Taker, lots: number): Match {
  for (;;) {
    const matched = match(market.book(), { accountId, side, limit, lots }, market.now);
    for (const maker of matched.expired) expire(market, maker);
    const accounts = matched.fills.map(({ maker }) => maker.accountId);
    market.context.prepare(accountDecider, [accountId, ...new Set(accounts)]);
    const unable = findUnable(market, matched.fills);
    if (unable === null) return matched;
    cancelOpen(market, unable.maker, unable.reason);
  }
}

function payable(market: Market, order: EnteringOrder, fills: readonly Fill[]): readonly Fill[] {
  const cash = availableCash(market, market.account(order.accountId)) + order.held;
  return payableFills(market, order, fills, cash);
}

/** How many lots there are to deliver; an order with a limit has reserved, or will, what it sells. */
function sellableLots(market: Market, { side, accountId, heldLots }: EnteringOrder): number {
  if (side === 'BUY') return Number.POSITIVE_INFINITY;
  return heldLots + availableLots(market, market.account(accountId));
}

function reasonOf(order: EnteringOrder, { end }: Match, lots: number): EndReason | null {
  if (end === 'SELF_TRADE') return end;
  if (end === 'FILLED') return lots < order.leaves ? 'INSUFFICIENT_SHARES' : null;
  const { timeInForce, limit } = order;
  if (timeInForce === 'IOC' || timeInForce === 'FOK') return timeInForce;
  return limit === null ? 'NO_LIQUIDITY' : null;
}

/** Books an order, with what it needs reserved: more of it, or less, than before. */
export function rest(
  market: Market,
  order: EnteringOrder,
  priority = market.book().priority,
): void {
  const { terms } = market;
  const { accountId, side, limit, leaves } = order;
  if (limit === null) throw new Error('an order without a limit does not rest');
  let held = 0n;
  if (side === 'BUY') {
    // A stop order held by older rules may have a unit less than it needs.
    const available = availableCash(market, market.account(accountId)) + order.held;
    const needed = holdOf(terms, order, limit, leaves);
    held = needed < available ? needed : available;
    holdCash(market, order, held - order.held);
  } else {
    holdShares(market, order, leaves - order.heldLots);
  }
  const data = toBooked(market, order, { limit, priority, held, expiresAt: order.expiresAt });
  market.recordInBook({ type: 'OrderBooked', data });
}

function cancel(market: Market, order: EnteringOrder, reason: EndReason | null): void {
  releaseAll(market, order);
  market.recordInBook({
    type: 'OrderCanceled',
    data: { price: null, reason, ...toProgress(market, order) },
  });
}

function releaseAll(market: Market, order: EnteringOrder): void {
  holdCash(market, order, -order.held);
  holdShares(market, order, -order.heldLots);
}

/** An order that was held and whose price is reached, as it enters. */
export function toEntering(market: Market, order: StopOrder): EnteringOrder {
  const { terms } = market;
  return {
    id: order.id,
    accountId: order.accountId,
    side: order.side,
    limit: order.limit,
    leaves: order.leaves,
    filled: order.filled,
    value: order.value,
    held: order.side === 'BUY' ? fromMoney(order.held, terms) : 0n,
    heldLots: order.side === 'SELL' ? order.leaves : 0,
    timeInForce: order.timeInForce,
    expiresAt: order.expiresAt,
    ...noTotals,
  };
}
