import type { Rejection } from '../../../kernel/rejection.ts';
import type { AccountState } from '../../accounts/account.ts';
import { AccountNotOpen, InsufficientFunds } from '../../accounts/rejections.ts';
import { canSend, notOpenMessage } from '../../accounts/rules.ts';
import type { OrderType } from '../order.ts';
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

/** An order that has been checked against its instrument, in ticks and lots. */
export interface CheckedOrder extends IncomingOrder {
  readonly type: OrderType;
  /** The price that it waits for; null: it does not wait. */
  readonly stop: number | null;
  readonly postOnly: boolean;
}

/** What an order that it replaces has reserved, which it may use. */
export interface Reserved {
  readonly cash: bigint;
  readonly lots: number;
}

const nothing: Reserved = { cash: 0n, lots: 0 };

/** Why the market refuses an order that is well-formed; null: it does not. */
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

/** Brings an order to the market: it waits for its price there, or enters at once. */
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

/** Lets a stop order wait, with what it needs reserved: more of it, or less, than before. */
export function parkStop(
  market: MarketSession,
  order: CheckedOrder,
  { stop, priority }: { readonly stop: number; readonly priority: number },
): void {
  const { units } = market;
  const { side, limit, leaves, type, timeInForce, expiresAt } = order;
  const held = side === 'BUY' && limit !== null ? reservationOf(units, order, limit, leaves) : 0n;
  if (side === 'SELL') reserveShares(market, order, leaves - order.heldLots);
  // It reserves nothing, but its account must know that it has an order here.
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

/** A limit says how much cash an order can take; without one it takes what there is. */
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
  const message = `${data.requested} is needed, ${data.available} ${currency} is available`;
  return toRejection(InsufficientFunds, message, data);
}

/** All but a MARKET order reserve what they sell. */
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
  const message = `${data.requested} ${symbol} are needed, ${data.available} are available`;
  return toRejection(InsufficientShares, message, data);
}

function crossingRejection(market: MarketSession, order: CheckedOrder): Rejection | null {
  if (!order.postOnly || order.limit === null) return null;
  const { units } = market;
  // Against everybody, its own account too: whoever is met first.
  const { side, limit } = order;
  const { fills } = match(market.book(), { accountId: '', side, limit, lots: 1 }, market.now);
  const [met] = fills;
  if (met === undefined) return null;
  const data = {
    limitPrice: toPrice(order.limit, units),
    bestPrice: toPrice(met.maker.price, units),
  };
  const message = `at ${data.limitPrice} it would trade with ${data.bestPrice}`;
  return toRejection(PostOnlyWouldCross, message, data);
}
