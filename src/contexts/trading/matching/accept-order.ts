import type { Rejection } from '../../../kernel/rejection.ts';
import type { AccountState } from '../../accounts/account.ts';
import { AccountNotOpen, InsufficientFunds } from '../../accounts/rejections.ts';
import { canSend, notOpenMessage } from '../../accounts/rules.ts';
import type { OrderType } from '../order.ts';
import {
  InstrumentHalted,
  InsufficientShares,
  PostOnlyWouldCross,
  refusal,
} from '../rejections.ts';
import { roomRefusal } from './capacity.ts';
import { holdOf } from './charge.ts';
import type { EnteringOrder } from './execute-order.ts';
import { match } from './match.ts';
import { toProgress } from './open-orders.ts';
import {
  availableCash,
  availableLots,
  holdCash,
  holdShares,
  type Market,
  recordHeld,
} from './session.ts';
import { sizeRefusal } from './size.ts';
import { isReached, recordTriggered } from './stops.ts';
import { toMoney, toPrice, toQuantity } from './units.ts';
import { enterWithStops } from './work.ts';

/** An order that has been checked against its instrument, in ticks and lots. */
export interface ArrivingOrder extends EnteringOrder {
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
export function refusalOf(
  market: Market,
  order: ArrivingOrder,
  reserved: Reserved = nothing,
): Rejection | null {
  const { symbol, terms } = market;
  const account = market.account(order.accountId);
  if (!canSend(account)) {
    const { id: accountId, status } = account;
    return refusal(AccountNotOpen, notOpenMessage(account), { accountId, status });
  }
  if (terms.instrument.tradingStatus === 'HALTED') {
    return refusal(InstrumentHalted, `trading in ${symbol} is halted`, { symbol });
  }
  const means = { account, reserved };
  return (
    sizeRefusal(market, order, order.stop) ??
    (order.side === 'BUY'
      ? fundsRefusal(market, order, means)
      : sharesRefusal(market, order, means)) ??
    roomRefusal(market, order, account) ??
    crossingRefusal(market, order)
  );
}

/** Brings an order to the market: it waits for its price there, or enters at once. */
export function arrive(market: Market, order: ArrivingOrder): void {
  const { stop } = order;
  const { lastPrice, priority } = market.book();
  const isWaiting = stop !== null && !isReached(market, order.side, stop);
  if (isWaiting) {
    hold(market, order, { stop, priority });
    return;
  }
  if (stop !== null && lastPrice !== null) recordTriggered(market, order, lastPrice);
  enterWithStops(market, order);
}

/** Lets a stop order wait, with what it needs reserved: more of it, or less, than before. */
export function hold(
  market: Market,
  order: ArrivingOrder,
  { stop, priority }: { readonly stop: number; readonly priority: number },
): void {
  const { terms } = market;
  const { side, limit, leaves, type, timeInForce, expiresAt } = order;
  const held = side === 'BUY' && limit !== null ? holdOf(terms, order, limit, leaves) : 0n;
  if (side === 'SELL') holdShares(market, order, leaves - order.heldLots);
  // It reserves nothing, but its account must know that it has an order here.
  else if (limit === null) recordHeld(market, order, 0n);
  else holdCash(market, order, held - order.held);
  market.recordInBook({
    type: 'OrderHeld',
    data: {
      orderType: type,
      timeInForce,
      stopPrice: toPrice(stop, terms),
      limitPrice: limit === null ? null : toPrice(limit, terms),
      priority,
      held: toMoney(held, terms),
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
function fundsRefusal(
  market: Market,
  order: ArrivingOrder,
  { account, reserved }: Means,
): Rejection | null {
  const { limit, leaves, accountId } = order;
  if (limit === null) return null;
  const { terms } = market;
  const available = availableCash(market, account) + reserved.cash;
  const needed = holdOf(terms, order, limit, leaves);
  if (needed <= available) return null;
  const data = {
    accountId,
    available: toMoney(available, terms),
    requested: toMoney(needed, terms),
  };
  const { currency } = terms.instrument;
  const message = `${data.requested} is needed, ${data.available} ${currency} is available`;
  return refusal(InsufficientFunds, message, data);
}

/** All but a MARKET order reserve what they sell. */
function sharesRefusal(
  market: Market,
  { type, leaves, accountId }: ArrivingOrder,
  { account, reserved }: Means,
): Rejection | null {
  if (type === 'MARKET') return null;
  const { symbol, terms } = market;
  const free = availableLots(market, account);
  if (leaves <= free + reserved.lots) return null;
  const data = {
    accountId,
    symbol,
    available: toQuantity(free + reserved.lots, terms),
    requested: toQuantity(leaves, terms),
  };
  const message = `${data.requested} ${symbol} are needed, ${data.available} are available`;
  return refusal(InsufficientShares, message, data);
}

function crossingRefusal(market: Market, order: ArrivingOrder): Rejection | null {
  if (!order.postOnly || order.limit === null) return null;
  const { terms } = market;
  // Against everybody, its own account too: whoever is met first.
  const { side, limit } = order;
  const { fills } = match(market.book(), { accountId: '', side, limit, lots: 1 }, market.now);
  const [met] = fills;
  if (met === undefined) return null;
  const data = {
    limitPrice: toPrice(order.limit, terms),
    bestPrice: toPrice(met.maker.price, terms),
  };
  const message = `at ${data.limitPrice} it would trade with ${data.bestPrice}`;
  return refusal(PostOnlyWouldCross, message, data);
}
