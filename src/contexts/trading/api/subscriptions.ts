import type { ApiParts } from '../../../api/api-parts.ts';
import { codedError } from '../../../api/errors.ts';
import { watchLog } from '../../../api/event-subscription.ts';
import { parseId } from '../../../api/input.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { type FoundState, watchFound, watchState } from '../../../api/watch-found.ts';
import type { EventFrame } from '../../../feed/watch-events.ts';
import { streamIdOf } from '../../../kernel/decider.ts';
import type { WatchedState } from '../../../views/watching/watched-state.ts';
import { listedSymbol } from '../../market/api/instrument.ts';
import { bookDecider } from '../matching/book.ts';
import type { Order } from '../order.ts';
import { ordersView } from '../views/orders.ts';
import { toTrade } from '../views/trades.ts';
import { bookTypes, type OrderBook, parseDepth, watchableBook } from './book.ts';
import { orderTypes } from './order.ts';
import { type PortfolioAt, portfolioTypes, watchablePortfolio } from './portfolio.ts';
import { toOrderAt, toTradeAt } from './read.ts';

const latest = 'A slow reader may miss states in between, never the last one.';

/** The subscriptions of trading. */
export function addTradingSubscriptions(parts: ApiParts): void {
  addOrder(parts);
  addOrderBook(parts);
  addTrades(parts);
  addPortfolio(parts);
}

function addOrder(parts: ApiParts): void {
  const { builder, event } = parts;
  const { order } = orderTypes(parts);
  const frame = builder.objectRef<FoundState<Order>>('OrderFrame').implement({
    description: 'An order as it stands after an event.',
    fields: (t) => ({
      sequence: t.expose('sequence', { type: 'Sequence' }),
      order: t.field({
        type: order,
        resolve: ({ state, sequence }) => toOrderAt(state.document, sequence),
      }),
      event: t.expose('event', {
        type: event,
        nullable: true,
        description: 'What caused it; null in the first frame.',
      }),
    }),
  });
  builder.subscriptionField('order', (t) =>
    t.field({
      type: frame,
      description: `The order now at once, then each new state. ${latest}`,
      args: { id: t.arg.id({ required: true }) },
      subscribe: (_root, { id }, context) =>
        watchFound(context, { view: ordersView, key: parseId('id', id) }, 'ORDER_NOT_FOUND'),
      resolve: (state) => state,
    }),
  );
}

function addOrderBook(parts: ApiParts): void {
  const { builder } = parts;
  const { book } = bookTypes(parts);
  const frame = builder.objectRef<WatchedState<OrderBook>>('OrderBookFrame').implement({
    description: 'The best levels of a book as they stand at a sequence.',
    fields: (t) => ({
      sequence: t.expose('sequence', { type: 'Sequence' }),
      orderBook: t.expose('state', { type: book }),
    }),
  });
  builder.subscriptionField('orderBook', (t) =>
    t.field({
      type: frame,
      description: `The best levels of a book now at once, then whenever they have changed. ${latest}`,
      args: { symbol: t.arg.id({ required: true }), depth: t.arg.int({ defaultValue: 10 }) },
      subscribe: async (_root, args, context) => {
        const depth = parseDepth(args.depth);
        const request = { symbol: await listedSymbol(context, args.symbol), depth };
        return watchState(context, watchableBook(context.engine.views, request));
      },
      resolve: (state) => state,
    }),
  );
}

function addTrades(parts: ApiParts): void {
  const { builder } = parts;
  const { trade } = orderTypes(parts);
  const frame = builder.objectRef<EventFrame>('TradeFrame').implement({
    description: 'A trade, or only how far has been looked.',
    fields: (t) => ({
      sequence: t.expose('sequence', { type: 'Sequence', description: 'Resume after this one.' }),
      trade: t.field({
        type: trade,
        nullable: true,
        description: 'Null: there is no other trade up to this sequence.',
        resolve: async ({ event, sequence }, _args, context) => {
          if (event === null) return null;
          await context.waitForViews(sequence);
          return toTradeAt(toTrade(event), sequence);
        },
      }),
    }),
  });
  builder.subscriptionField('trades', (t) =>
    t.field({
      type: frame,
      description: `Every trade of an instrument after a sequence, in order, each once, then live,
        without a seam; from now on, when no sequence is given.`.replace(/\s+/g, ' '),
      args: { symbol: t.arg.id({ required: true }), after: t.arg({ type: 'Sequence' }) },
      subscribe: async (_root, { symbol, after }, context) => {
        const streamId = streamIdOf(bookDecider, await listedSymbol(context, symbol));
        return watchLog(context, after, { streamId, types: ['TradeExecuted'] });
      },
      resolve: (value) => value,
    }),
  );
}

function addPortfolio(parts: ApiParts): void {
  const { builder } = parts;
  const { portfolio } = portfolioTypes(parts);
  const frame = builder.objectRef<WatchedState<PortfolioAt>>('PortfolioFrame').implement({
    description: 'A portfolio as it stands at a sequence.',
    fields: (t) => ({
      sequence: t.expose('sequence', { type: 'Sequence' }),
      portfolio: t.expose('state', { type: portfolio }),
    }),
  });
  builder.subscriptionField('portfolio', (t) =>
    t.field({
      type: frame,
      description: `What an account is worth now at once, then whenever it, its positions or their
        prices have changed. ${latest}`.replace(/\s+/g, ' '),
      args: { accountId: t.arg.id({ required: true }) },
      subscribe: (_root, { accountId }, context) =>
        watchPortfolio(context, parseId('accountId', accountId)),
      resolve: (state) => state,
    }),
  );
}

async function* watchPortfolio(
  context: RequestContext,
  accountId: string,
): AsyncGenerator<WatchedState<PortfolioAt>, void, undefined> {
  const watchable = watchablePortfolio(context.engine.views, accountId);
  for await (const watched of watchState(context, watchable)) {
    if (!isThere(watched))
      throw codedError('ACCOUNT_NOT_FOUND', `there is no account ${accountId}`);
    yield watched;
  }
}

function isThere(watched: WatchedState<PortfolioAt | null>): watched is WatchedState<PortfolioAt> {
  return watched.state !== null;
}
