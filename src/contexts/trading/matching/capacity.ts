import type { Rejection } from '../../../kernel/rejection.ts';
import { integerDigitsMax } from '../../../lib/decimal.ts';
import type { AccountState } from '../../accounts/account.ts';
import { hasShareCapacity } from '../../accounts/holdings.ts';
import { InvalidAmount } from '../../accounts/rejections.ts';
import { hasCapacity, overCapacity } from '../../accounts/rules.ts';
import type { OrderType, TimeInForce } from '../order.ts';
import { InvalidQuantity, TooManyOpenOrders, toRejection } from '../rejections.ts';
import { countOrders, firstOf } from './book.ts';
import { chargeOf, type Totals } from './charge.ts';
import { match } from './match.ts';
import type { MarketSession } from './session.ts';
import type { Taker } from './trade.ts';
import { type InstrumentUnits, toMoney, toQuantity } from './units.ts';

/** Whether a balance keeps within the digits of a Decimal with so many minor units more. */
export function fitsCash(units: InstrumentUnits, account: AccountState, more: bigint): boolean {
  return hasCapacity(account, toMoney(more, units));
}

/** Whether a holding keeps within the digits of a Decimal with so many lots more. */
export function fitsShares(
  { symbol, units }: MarketSession,
  account: AccountState,
  lots: number,
): boolean {
  return hasShareCapacity(account.holdings, symbol, toQuantity(lots, units));
}

export function sharesOverCapacity(symbol: string, quantity: string): string {
  return `with ${quantity} more the account's shares of ${symbol} have over ${integerDigitsMax} digits`;
}

/** Why an account has no room for what an order would bring it; null: it has. */
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
 * How many open orders an account may have in an instrument, as venues limit them: Binance, for one, by
 * the filters MAX_NUM_ORDERS and MAX_NUM_ALGO_ORDERS of each symbol, of which 200 and 5 are usual.
 */
export const openOrdersMax = 1_000;

/** Why an account may have no more open orders; null: it may, or the order never stays open. */
export function openOrdersRejection(
  { symbol, book }: MarketSession,
  { accountId, type, timeInForce }: Resting,
): Rejection | null {
  const isStop = type === 'STOP' || type === 'STOP_LIMIT';
  const rests = type === 'LIMIT' && timeInForce !== 'IOC' && timeInForce !== 'FOK';
  if (!isStop && !rests) return null;
  const openOrders = countOrders(book(), accountId);
  if (openOrders < openOrdersMax) return null;
  const message = `account ${accountId} has ${openOrders} open orders in ${symbol}: at most ${openOrdersMax} are allowed`;
  return toRejection(TooManyOpenOrders, message, { accountId, symbol, openOrders, openOrdersMax });
}

interface Resting {
  readonly accountId: string;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
}

/** What an order to sell brings if all of it trades at the best price there is, which costs little. */
function proceedsAtMost({ units, book }: MarketSession, order: Taker): bigint {
  const best = firstOf(book().bids)?.price ?? 0;
  const price = Math.max(order.limit ?? 0, best);
  const all = { side: 'SELL', role: 'TAKER', price, lots: order.leaves } as const;
  return chargeOf(units, order, all).amount;
}

/**
 * What an order to sell brings: by its trades on arrival, and at its limit by what rests. Of trades
 * beyond a bound as much is counted as they bring at most, as prices become no better.
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
