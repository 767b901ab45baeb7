import type { Rejection } from '../../../kernel/rejection.ts';
import type { AccountState } from '../../accounts/account.ts';
import { AccountNotOpen, InsufficientFunds } from '../../accounts/rejections.ts';
import { canSend, notOpenMessage } from '../../accounts/rules.ts';
import type { OrderType } from '../order-terms.ts';
import {
  InstrumentHalted,
  InsufficientShares,
  PostOnlyWouldCross,
  toRejection,
} from '../rejections.ts';
import { capacityRejection } from './capacity.ts';
import { reservationOf } from './charge.ts';
import type { IncomingOrder } from './execute-order.ts';
import { match } from './match.ts';
import { toProgress } from './open-orders.ts';
import {
  availableCash,
  availableLots,
  type MarketSession,
  recordReservation,
  reserveCash,
  reserveShares,
} from './session.ts';
import { sizeRejection } from './size.ts';
import { isReached, recordTriggered } from './stops.ts';
import { toMoney, toPrice, toQuantity } from './units.ts';
import { executeWithStops } from './work.ts';

/** An order whose price and quantity fit its instrument, in ticks and lots. */
export interface CheckedOrder extends IncomingOrder {
  readonly type: OrderType;
  /** The trigger price of a stop order; null for other orders. */
  readonly stop: number | null;
  readonly postOnly: boolean;
}

/** What a replaced order has reserved; the new order may use it. */
interface Reserved {
  readonly cash: bigint;
  readonly lots: number;
}

const nothing: Reserved = { cash: 0n, lots: 0 };

/** Returns why the market rejects a well-formed order; null if it accepts it. */
export function rejectionOf(
  market: MarketSession,
  order: CheckedOrder,
  reserved: Reserved = nothing,
): Rejection | null {
  const { symbol, units } = market;
  const account = market.account(order.accountId);
  if (!canSend(account)) {
    const { id: accountId, status } = account;
    return toRejection(AccountNotOpen, notOpenMessage(account), { accountId, status });
  }
  if (units.instrument.tradingStatus === 'HALTED') {
    return toRejection(InstrumentHalted, `trading in ${symbol} is halted`, { symbol });
  }
  const means = { account, reserved };
  return (
    sizeRejection(market, order, order.stop) ??
    (order.side === 'BUY'
      ? fundsRejection(market, order, means)
      : sharesRejection(market, order, means)) ??
    capacityRejection(market, order, account) ??
    crossingRejection(market, order)
  );
}

/** Accepts an order: a stop order waits for its trigger price, any other is executed at once. */
export function acceptOrder(market: MarketSession, order: CheckedOrder): void {
  const { stop } = order;
  const { lastPrice, priority } = market.book();
  const isWaiting = stop !== null && !isReached(market, order.side, stop);
  if (isWaiting) {
    parkStop(market, order, { stop, priority });
    return;
  }
  if (stop !== null && lastPrice !== null) recordTriggered(market, order, lastPrice);
  executeWithStops(market, order);
}

/**
 * Parks a stop order until its trigger price is reached. Adjusts its reservation to what it needs
 * now.
 */
export function parkStop(
  market: MarketSession,
  order: CheckedOrder,
  { stop, priority }: { readonly stop: number; readonly priority: number },
): void {
  const { units } = market;
  const { side, limit, leaves, type, timeInForce, expiresAt } = order;
  const held = side === 'BUY' && limit !== null ? reservationOf(units, order, limit, leaves) : 0n;
  if (side === 'SELL') reserveShares(market, order, leaves - order.heldLots);
  // It reserves nothing, but its account must know that it has an order in this market.
  else if (limit === null) recordReservation(market, order, 0n);
  else reserveCash(market, order, held - order.held);
  market.recordInBook({
    type: 'OrderHeld',
    data: {
      orderType: type,
      timeInForce,
      stopPrice: toPrice(stop, units),
      limitPrice: limit === null ? null : toPrice(limit, units),
      priority,
      held: toMoney(held, units),
      expiresAt,
      ...toProgress(market, order),
    },
  });
}

interface Means {
  readonly account: AccountState;
  readonly reserved: Reserved;
}

/** A limit bounds the cash that an order needs. Without one the order spends what is available. */
function fundsRejection(
  market: MarketSession,
  order: CheckedOrder,
  { account, reserved }: Means,
): Rejection | null {
  const { limit, leaves, accountId } = order;
  if (limit === null) return null;
  const { units } = market;
  const available = availableCash(market, account) + reserved.cash;
  const needed = reservationOf(units, order, limit, leaves);
  if (needed <= available) return null;
  const data = {
    accountId,
    available: toMoney(available, units),
    requested: toMoney(needed, units),
  };
  const { currency } = units.instrument;
  const needs = `the order needs ${data.requested} ${currency}`;
  const message = `${needs}, but only ${data.available} is available`;
  return toRejection(InsufficientFunds, message, data);
}

/** Every order to sell except a MARKET order reserves its shares. */
function sharesRejection(
  market: MarketSession,
  { type, leaves, accountId }: CheckedOrder,
  { account, reserved }: Means,
): Rejection | null {
  if (type === 'MARKET') return null;
  const { symbol, units } = market;
  const free = availableLots(market, account);
  if (leaves <= free + reserved.lots) return null;
  const data = {
    accountId,
    symbol,
    available: toQuantity(free + reserved.lots, units),
    requested: toQuantity(leaves, units),
  };
  const needs = `the order needs ${data.requested} ${symbol}`;
  const message = `${needs}, but only ${data.available} is available`;
  return toRejection(InsufficientShares, message, data);
}

function crossingRejection(market: MarketSession, order: CheckedOrder): Rejection | null {
  if (!order.postOnly || order.limit === null) return null;
  const { units } = market;
  // No account id: the first order it would meet counts, even one of the same account.
  const { side, limit } = order;
  const { fills } = match(market.book(), { accountId: '', side, limit, lots: 1 }, market.now);
  const [met] = fills;
  if (met === undefined) return null;
  const data = {
    limitPrice: toPrice(order.limit, units),
    bestPrice: toPrice(met.maker.price, units),
  };
  const would = `a post-only order at ${data.limitPrice} would trade immediately`;
  const message = `${would}: the best opposite price is ${data.bestPrice}`;
  return toRejection(PostOnlyWouldCross, message, data);
}
