import type { ApiParts } from '../../../api/api-parts.ts';
import { codedError } from '../../../api/errors.ts';
import { watchLog } from '../../../api/event-subscription.ts';
import { parseId } from '../../../api/input.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { access } from '../../../api/root-access.ts';
import { frameEvent, frameSequence, latestDescription } from '../../../api/state-frames.ts';
import { type FoundState, watchFound, watchState } from '../../../api/watch-found.ts';
import type { EventFrame } from '../../../feed/watch-events.ts';
import { streamIdOf } from '../../../kernel/decider.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { WatchedState } from '../../../views/watching/watched-state.ts';
import { listedSymbol } from '../../market/api/instrument.ts';
import { bookDecider } from '../matching/book.ts';
import type { Order } from '../order.ts';
import { ordersView } from '../views/orders.ts';
import { toTrade } from '../views/trades.ts';
import {
  bookTypes,
  depthDefault,
  depthDescription,
  type OrderBook,
  parseDepth,
  symbolDescription,
  watchableBook,
} from './book.ts';
import { addBookDeltas } from './book-deltas.ts';
import { orderTypes } from './order.ts';
import { type PortfolioAt, portfolioTypes, watchablePortfolio } from './portfolio.ts';
import { toOrderAt, toTradeAt } from './read.ts';

/** Adds the subscriptions of trading. */
export function addTradingSubscriptions(parts: ApiParts): void {
  addOrder(parts);
  addOrderBook(parts);
  addBookDeltas(parts);
  addTrades(parts);
  addPortfolio(parts);
}

function addOrder(parts: ApiParts): void {
  const { builder } = parts;
  const { order } = orderTypes(parts);
  const frame = builder.objectRef<FoundState<Order>>('OrderFrame').implement({
    description: 'The state of an order, and the event that led to it.',
    fields: (t) => ({
      sequence: t.expose('sequence', frameSequence),
      order: t.field({
        type: order,
        description: 'The order at the sequence number of this frame.',
        resolve: ({ state, sequence }) => toOrderAt(state.document, sequence),
      }),
      event: t.field(frameEvent(parts)),
    }),
  });
  builder.subscriptionField('order', (t) =>
    t.field({
      extensions: access('ACCOUNTS'),
      type: frame,
      description: oneLine`Sends the current state of an order first, then each new state.
        ${latestDescription} Fails with ORDER_NOT_FOUND if no order that the actor may see has the
        id, also as soon as the access of the actor is revoked.`,
      args: { id: t.arg.id({ required: true, description: 'The id of the order, a UUID.' }) },
      subscribe: (_root, { id }, context) =>
        watchFound(
          context,
          {
            view: ordersView,
            noun: 'order',
            key: parseId('id', id),
            accountOf: ({ accountId }) => accountId,
          },
          'ORDER_NOT_FOUND',
        ),
      resolve: (state) => state,
    }),
  );
}

function addOrderBook(parts: ApiParts): void {
  const { builder } = parts;
  const { book } = bookTypes(parts);
  const frame = builder.objectRef<WatchedState<OrderBook>>('OrderBookFrame').implement({
    description: 'The state of an order book: its best price levels.',
    fields: (t) => ({
      sequence: t.expose('sequence', frameSequence),
      orderBook: t.expose('state', {
        type: book,
        description: 'The order book at the sequence number of this frame.',
      }),
    }),
  });
  builder.subscriptionField('orderBook', (t) =>
    t.field({
      extensions: access('EVERYONE'),
      type: frame,
      description: oneLine`Sends the current best price levels of an order book first, then the new
        levels whenever they have changed. ${latestDescription}
        Fails with INSTRUMENT_NOT_FOUND if no instrument has the symbol.`,
      args: {
        symbol: t.arg.id({ required: true, description: symbolDescription }),
        depth: t.arg.int({ defaultValue: depthDefault, description: depthDescription }),
      },
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
    description: 'A frame of Subscription.trades: a trade, or only the progress in the log.',
    fields: (t) => ({
      sequence: t.expose('sequence', {
        type: 'Sequence',
        description: oneLine`The sequence number that the subscription has reached. To resume,
          subscribe with it as \`after\`.`,
      }),
      trade: t.field({
        type: trade,
        nullable: true,
        description: oneLine`The trade. Null in the first frame, and if the frame only reports
          progress: there was no trade since the previous frame, up to this sequence number. Its
          orders are those of the moment of this frame.`,
        resolve: async ({ event, sequence }, _args, context) => {
          if (event === null) return null;
          await context.waitForViews(sequence);
          // The frame may be of long ago: a client must not take its orders for those of now.
          return { ...toTradeAt(toTrade(event), sequence), ordersAt: { sequence } };
        },
      }),
    }),
  });
  builder.subscriptionField('trades', (t) =>
    t.field({
      extensions: access('EVERYONE'),
      type: frame,
      description: oneLine`Sends every trade of an instrument after a sequence number, in order and
        exactly once: first the recorded trades, then each new trade. The first frame has no trade
        and is sent at once. Other frames without a trade report progress. To resume, pass the
        \`sequence\` of the last frame as \`after\`. Fails with INSTRUMENT_NOT_FOUND if no
        instrument has the symbol.`,
      args: {
        symbol: t.arg.id({ required: true, description: symbolDescription }),
        after: t.arg({
          type: 'Sequence',
          description: oneLine`The sequence number after which to begin; "0" begins with the first
            event. If omitted, only trades recorded from now on are sent.`,
        }),
      },
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
    description: 'The state of the portfolio of an account.',
    fields: (t) => ({
      sequence: t.expose('sequence', frameSequence),
      portfolio: t.expose('state', {
        type: portfolio,
        description: 'The portfolio at the sequence number of this frame.',
      }),
    }),
  });
  builder.subscriptionField('portfolio', (t) =>
    t.field({
      extensions: access('ACCOUNTS'),
      type: frame,
      description: oneLine`Sends the current portfolio of an account first, then the new portfolio
        whenever the account, its positions or their prices have changed.
        ${latestDescription} Fails with ACCOUNT_NOT_FOUND if no account that the actor may see has
        the id, also as soon as the access of the actor is revoked.`,
      args: {
        accountId: t.arg.id({ required: true, description: 'The id of the account, a UUID.' }),
      },
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
    if (!isThere(watched) || !context.visibility.admits(watched.state.account))
      throw codedError('ACCOUNT_NOT_FOUND', `there is no account ${accountId}`);
    yield watched;
  }
}

function isThere(watched: WatchedState<PortfolioAt | null>): watched is WatchedState<PortfolioAt> {
  return watched.state !== null;
}
