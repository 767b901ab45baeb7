import { entityIdOf } from '../../kernel/decider.ts';
import type { Reaction } from '../../kernel/reaction.ts';
import { reject } from '../../kernel/rejection.ts';
import { AccountNotEmpty } from '../accounts/rejections.ts';
import { loadAccount } from '../accounts/rules.ts';
import { cancelOrders, openOrdersOf } from './matching/account-orders.ts';
import { bookDecider } from './matching/book.ts';
import { openSettledSession } from './matching/matching-process.ts';
import { openSession } from './matching/session.ts';
import { applyLastPrice, applyPrice, queueTask } from './matching/work.ts';

/**
 * A price from an external source becomes the last price and triggers the stop orders that wait for
 * it. If the book has work left, the price is queued behind it.
 */
const priceRecorded: Reaction = {
  name: 'trading.enterStopsReachedByRecordedPrice',
  types: ['PriceRecorded'],
  react({ streamId, occurredAt, data }, context) {
    const symbol = entityIdOf(streamId);
    const book = context.load(bookDecider, symbol).state;
    if (book === null) return;
    const price = String(data['price']);
    const market = openSession(context, symbol);
    if (book.agenda === null) applyPrice(market, price, occurredAt);
    else queueTask(market, { kind: 'PRICE', price, occurredAt });
  },
};

/** Completes the work that earlier commands left in the book before trading is halted. */
const tradingHalted: Reaction = {
  name: 'trading.finishMatchingBeforeHalt',
  types: ['TradingHalted'],
  react({ streamId }, context) {
    const symbol = entityIdOf(streamId);
    if (context.load(bookDecider, symbol).state !== null) openSettledSession(context, symbol);
  },
};

/** Triggers the stop orders that prices reached while trading was halted. */
const tradingResumed: Reaction = {
  name: 'trading.enterStopsReachedDuringHalt',
  types: ['TradingResumed'],
  react({ streamId }, context) {
    const symbol = entityIdOf(streamId);
    const book = context.load(bookDecider, symbol).state;
    if (book !== null) applyLastPrice(openSettledSession(context, symbol));
  },
};

/** Cancels the open orders of a frozen account, or queues this where there is too much to do. */
const accountFrozen: Reaction = {
  name: 'trading.cancelOrdersOfFrozenAccount',
  types: ['AccountFrozen'],
  react({ streamId, data }, context) {
    const accountId = entityIdOf(streamId);
    const why =
      typeof data['reason'] === 'string' ? `ACCOUNT_FROZEN: ${data['reason']}` : 'ACCOUNT_FROZEN';
    for (const symbol of openOrdersOf(context, accountId).symbols) {
      const market = openSession(context, symbol);
      const isIdle = market.book().agenda === null;
      if (isIdle && cancelOrders(market, accountId, why)) continue;
      queueTask(market, { kind: 'CANCELS', accountId, reason: why });
    }
  },
};

/** Rejects closing an account that has open orders. */
const accountClosed: Reaction = {
  name: 'trading.refuseClosingWithOpenOrders',
  types: ['AccountClosed'],
  react({ streamId }, context) {
    const accountId = entityIdOf(streamId);
    const { count: openOrders } = openOrdersOf(context, accountId);
    if (openOrders === 0) return;
    const { balance } = loadAccount(context, accountId);
    const [what, which] =
      openOrders === 1 ? ['1 open order', 'it'] : [`${openOrders} open orders`, 'them'];
    const message = `account ${accountId} still has ${what}: cancel ${which} first`;
    reject(AccountNotEmpty, message, { accountId, balance, openOrders });
  },
};

export const tradingReactions: readonly Reaction[] = [
  priceRecorded,
  tradingHalted,
  tradingResumed,
  accountFrozen,
  accountClosed,
];
