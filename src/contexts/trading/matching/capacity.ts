import type { Rejection } from '../../../kernel/rejection.ts';
import { integerDigitsMax } from '../../../lib/decimal.ts';
import type { AccountState } from '../../accounts/account.ts';
import { hasRoomForShares } from '../../accounts/holdings.ts';
import { InvalidAmount } from '../../accounts/rejections.ts';
import { hasRoom, noRoomMessage } from '../../accounts/rules.ts';
import type { OrderType, TimeInForce } from '../order.ts';
import { InvalidQuantity, refusal, TooManyOpenOrders } from '../rejections.ts';
import { countOrders, firstOf } from './book.ts';
import { chargeOf, type Totals } from './charge.ts';
import { match } from './match.ts';
import type { Market } from './session.ts';
import type { Taker } from './trade.ts';
import { type Terms, toMoney, toQuantity } from './units.ts';

/** Whether a balance keeps within the digits of a Decimal with so many minor units more. */
export function fitsCash(terms: Terms, account: AccountState, more: bigint): boolean {
  return hasRoom(account, toMoney(more, terms));
}

/** Whether a holding keeps within the digits of a Decimal with so many lots more. */
export function fitsShares(
  { symbol, terms }: Market,
  account: AccountState,
  lots: number,
): boolean {
  return hasRoomForShares(account.holdings, symbol, toQuantity(lots, terms));
}

export function noRoomForShares(symbol: string, quantity: string): string {
  return `with ${quantity} more the account's shares of ${symbol} have over ${integerDigitsMax} digits`;
}

/** Why an account has no room for what an order would bring it; null: it has. */
export function roomRefusal(market: Market, order: Taker, account: AccountState): Rejection | null {
  const { symbol, terms } = market;
  if (order.side === 'BUY') {
    if (fitsShares(market, account, order.leaves)) return null;
    const quantity = toQuantity(order.leaves, terms);
    const { lotSize } = terms.instrument;
    return refusal(InvalidQuantity, noRoomForShares(symbol, quantity), { quantity, lotSize });
  }
  if (fitsCash(terms, account, proceedsAtMost(market, order))) return null;
  const proceeds = proceedsOf(market, order);
  if (fitsCash(terms, account, proceeds)) return null;
  const amount = toMoney(proceeds, terms);
  return refusal(InvalidAmount, noRoomMessage(account, amount), { amount });
}

/**
 * How many open orders an account may have in an instrument, as venues limit them: Binance, for one, by
 * the filters MAX_NUM_ORDERS and MAX_NUM_ALGO_ORDERS of each symbol, of which 200 and 5 are usual.
 */
export const openOrdersMax = 1_000;

/** Why an account may have no more open orders; null: it may, or the order never stays open. */
export function crowdRefusal(
  { symbol, book }: Market,
  { accountId, type, timeInForce }: Resting,
): Rejection | null {
  const isStop = type === 'STOP' || type === 'STOP_LIMIT';
  const rests = type === 'LIMIT' && timeInForce !== 'IOC' && timeInForce !== 'FOK';
  if (!isStop && !rests) return null;
  const openOrders = countOrders(book(), accountId);
  if (openOrders < openOrdersMax) return null;
  const message = `account ${accountId} has ${openOrders} open orders in ${symbol}: at most ${openOrdersMax} are allowed`;
  return refusal(TooManyOpenOrders, message, { accountId, symbol, openOrders, openOrdersMax });
}

interface Resting {
  readonly accountId: string;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
}

/** What an order to sell brings if all of it trades at the best price there is, which costs little. */
function proceedsAtMost({ terms, book }: Market, order: Taker): bigint {
  const best = firstOf(book().bids)?.price ?? 0;
  const price = Math.max(order.limit ?? 0, best);
  const all = { side: 'SELL', role: 'TAKER', price, lots: order.leaves } as const;
  return chargeOf(terms, order, all).amount;
}

/**
 * What an order to sell brings: by its trades on arrival, and at its limit by what rests. Of trades
 * beyond a bound as much is counted as they bring at most, as prices become no better.
 */
function proceedsOf({ terms, book, now }: Market, order: Taker): bigint {
  const { accountId, side, limit, leaves } = order;
  const matched = match(book(), { accountId, side, limit, lots: leaves, metMax }, now);
  let totals: Totals = order;
  let amount = 0n;
  const parts = matched.fills.map(({ maker, lots }) => ({ price: maker.price, lots }));
  const restPrice = (matched.end === 'MORE' ? parts.at(-1)?.price : limit) ?? 0;
  for (const part of [...parts, { price: restPrice, lots: matched.leaves }]) {
    const charge = chargeOf(terms, totals, { side, role: 'TAKER', ...part });
    amount += charge.amount;
    totals = charge;
  }
  return amount;
}

const metMax = 100;
