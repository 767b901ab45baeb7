import type { Rejection } from '../../../kernel/rejection.ts';
import { integerDigitsMax } from '../../../lib/decimal.ts';
import type { AccountState } from '../../accounts/account.ts';
import { hasShareCapacity } from '../../accounts/holdings.ts';
import { InvalidAmount } from '../../accounts/rejections.ts';
import { hasCapacity, overCapacity } from '../../accounts/rules.ts';
import type { OrderType, TimeInForce } from '../order-terms.ts';
import { InvalidQuantity, TooManyOpenOrders, toRejection } from '../rejections.ts';
import { countOrders, firstOf } from './book.ts';
import { chargeOf, type Totals } from './charge.ts';
import { match } from './match.ts';
import type { MarketSession } from './session.ts';
import type { Taker } from './trade.ts';
import { type InstrumentUnits, toMoney, toQuantity } from './units.ts';

/** Returns whether a balance plus `more` minor units still fits the digits of a Decimal. */
export function fitsCash(units: InstrumentUnits, account: AccountState, more: bigint): boolean {
  return hasCapacity(account, toMoney(more, units));
}

/** Returns whether a holding plus `lots` still fits the digits of a Decimal. */
export function fitsShares(
  { symbol, units }: MarketSession,
  account: AccountState,
  lots: number,
): boolean {
  return hasShareCapacity(account.holdings, symbol, toQuantity(lots, units));
}

/** Says that an account cannot take `quantity` more shares of an instrument. */
export function sharesOverCapacity(symbol: string, quantity: string): string {
  const rule = `a holding has at most ${integerDigitsMax} digits before the decimal point`;
  return `the account cannot take ${quantity} more shares of ${symbol}: ${rule}`;
}

/**
 * Returns the rejection of an order whose proceeds or shares the account has no capacity for; null
 * if it has.
 */
export function capacityRejection(
  market: MarketSession,
  order: Taker,
  account: AccountState,
): Rejection | null {
  const { symbol, units } = market;
  if (order.side === 'BUY') {
    if (fitsShares(market, account, order.leaves)) return null;
    const quantity = toQuantity(order.leaves, units);
    const { lotSize } = units.instrument;
    return toRejection(InvalidQuantity, sharesOverCapacity(symbol, quantity), {
      quantity,
      lotSize,
    });
  }
  if (fitsCash(units, account, proceedsAtMost(market, order))) return null;
  const proceeds = proceedsOf(market, order);
  if (fitsCash(units, account, proceeds)) return null;
  const amount = toMoney(proceeds, units);
  return toRejection(InvalidAmount, overCapacity(account, amount), { amount });
}

/**
 * The maximum number of open orders that an account may have in an instrument. Venues limit them
 * too: Binance has the filters MAX_NUM_ORDERS and MAX_NUM_ALGO_ORDERS for each symbol, usually 200
 * and 5.
 */
const openOrdersMax = 1_000;

/**
 * Returns the rejection of an order that would exceed the account's maximum of open orders; null if
 * it does not, or if the order never stays open.
 */
export function openOrdersRejection(
  { symbol, book }: MarketSession,
  { accountId, type, timeInForce }: Resting,
): Rejection | null {
  const isStop = type === 'STOP' || type === 'STOP_LIMIT';
  const rests = type === 'LIMIT' && timeInForce !== 'IOC' && timeInForce !== 'FOK';
  if (!isStop && !rests) return null;
  const openOrders = countOrders(book(), accountId);
  if (openOrders < openOrdersMax) return null;
  const has = `account ${accountId} has ${openOrders} open orders in ${symbol}`;
  const message = `${has}: at most ${openOrdersMax} are allowed`;
  return toRejection(TooManyOpenOrders, message, { accountId, symbol, openOrders, openOrdersMax });
}

interface Resting {
  readonly accountId: string;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
}

/** Returns the most an order to sell can bring: all of it at the best price. Cheap to compute. */
function proceedsAtMost({ units, book }: MarketSession, order: Taker): bigint {
  const best = firstOf(book().bids)?.price ?? 0;
  const price = Math.max(order.limit ?? 0, best);
  const all = { side: 'SELL', role: 'TAKER', price, lots: order.leaves } as const;
  return chargeOf(units, order, all).amount;
}

/**
 * Returns what an order to sell brings: its trades on arrival, plus the remainder at its limit.
 * Trades beyond `metMax` resting orders are valued at the last price met, because later ones are no
 * better.
 */
function proceedsOf({ units, book, now }: MarketSession, order: Taker): bigint {
  const { accountId, side, limit, leaves } = order;
  const matched = match(book(), { accountId, side, limit, lots: leaves, metMax }, now);
  let totals: Totals = order;
  let amount = 0n;
  const parts = matched.fills.map(({ maker, lots }) => ({ price: maker.price, lots }));
  const restPrice = (matched.end === 'MORE' ? parts.at(-1)?.price : limit) ?? 0;
  for (const part of [...parts, { price: restPrice, lots: matched.leaves }]) {
    const charge = chargeOf(units, totals, { side, role: 'TAKER', ...part });
    amount += charge.amount;
    totals = charge;
  }
  return amount;
}

const metMax = 100;
