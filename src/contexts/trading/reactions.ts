import { entityIdOf } from '../../kernel/decider.ts';
import type { Reaction } from '../../kernel/reaction.ts';
import { reject } from '../../kernel/rejection.ts';
import { AccountNotEmpty } from '../accounts/rejections.ts';
import { loadAccount } from '../accounts/rules.ts';
import { cancelAll, openOrdersOf } from './account-orders.ts';
import { bookDecider } from './book.ts';
import { openMarket } from './market.ts';
import { enterReached } from './stops.ts';

/** A price from outside that is the last one now enters the stop orders that wait for it. */
const priceRecorded: Reaction = {
  name: 'trading.enterStopsReachedByRecordedPrice',
  types: ['PriceRecorded'],
  react({ streamId, occurredAt, data }, context) {
    const symbol = entityIdOf(streamId);
    const book = context.load(bookDecider, symbol).state;
    if (book === null) return;
    const { lastPriceAt } = book;
    const isLate = occurredAt !== null && lastPriceAt !== null && occurredAt < lastPriceAt;
    if (isLate) return;
    const price = String(data['price']);
    const event = { type: 'ReferencePriceSet', data: { symbol, price } } as const;
    context.record(bookDecider, symbol, event, occurredAt === null ? {} : { occurredAt });
    const market = openMarket(context, symbol);
    if (market.terms.instrument.tradingStatus === 'OPEN') enterReached(market, occurredAt);
  },
};

/** What was reached while trading was halted enters now. */
const tradingResumed: Reaction = {
  name: 'trading.enterStopsReachedDuringHalt',
  types: ['TradingResumed'],
  react({ streamId }, context) {
    const symbol = entityIdOf(streamId);
    const book = context.load(bookDecider, symbol).state;
    if (book !== null) enterReached(openMarket(context, symbol), book.lastPriceAt);
  },
};

/** A frozen account has no open orders. */
const accountFrozen: Reaction = {
  name: 'trading.cancelOrdersOfFrozenAccount',
  types: ['AccountFrozen'],
  react({ streamId, data }, context) {
    const { reason } = data;
    const why = typeof reason === 'string' ? `ACCOUNT_FROZEN: ${reason}` : 'ACCOUNT_FROZEN';
    cancelAll(context, entityIdOf(streamId), why);
  },
};

/** An account with open orders is not closed. */
const accountClosed: Reaction = {
  name: 'trading.refuseClosingWithOpenOrders',
  types: ['AccountClosed'],
  react({ streamId }, context) {
    const accountId = entityIdOf(streamId);
    const openOrders = openOrdersOf(context, accountId).length;
    if (openOrders === 0) return;
    const { balance } = loadAccount(context, accountId);
    const what = openOrders === 1 ? '1 open order' : `${openOrders} open orders`;
    const message = `account ${accountId} still has ${what}: cancel first`;
    reject(AccountNotEmpty, message, { accountId, balance, openOrders });
  },
};

export const tradingReactions: readonly Reaction[] = [
  priceRecorded,
  tradingResumed,
  accountFrozen,
  accountClosed,
];
