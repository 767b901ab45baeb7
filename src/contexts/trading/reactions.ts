import { entityIdOf } from '../../kernel/decider.ts';
import type { Reaction } from '../../kernel/reaction.ts';
import { bookDecider } from './book.ts';
import { openMarket } from './market.ts';
import { enterReached } from './stops.ts';

/** A price from outside that is the last one now enters the stop orders that wait for it. */
const priceRecorded: Reaction = {
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
    if (market.terms.instrument.tradingStatus === 'OPEN') enterReached(market);
  },
};

/** What was reached while trading was halted enters now. */
const tradingResumed: Reaction = {
  types: ['TradingResumed'],
  react({ streamId }, context) {
    const symbol = entityIdOf(streamId);
    if (context.load(bookDecider, symbol).state === null) return;
    enterReached(openMarket(context, symbol));
  },
};

export const tradingReactions: readonly Reaction[] = [priceRecorded, tradingResumed];
