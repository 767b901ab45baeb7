import type { BoundedContext } from '../../kernel/context.ts';
import { clientOrderDecider } from './client-orders.ts';
import { tradingEvents } from './events.ts';
import { orderExpiry } from './expiry.ts';
import { bookDecider } from './matching/book.ts';
import { matchingProcess } from './matching/matching-process.ts';
import { orderDecider } from './order.ts';
import { tradingReactions } from './reactions.ts';
import { ordersView } from './views/orders.ts';
import { positionsView } from './views/positions.ts';
import { levelsView } from './views/price-levels.ts';
import { tradesView } from './views/trades.ts';
import { trialBalanceView } from './views/trial-balance.ts';

/** The bounded context of trading: orders, their matching, trades, and positions. */
export const trading: BoundedContext = {
  name: 'trading',
  events: tradingEvents,
  deciders: [orderDecider, bookDecider, clientOrderDecider],
  views: [ordersView, levelsView, tradesView, positionsView, trialBalanceView],
  reactions: tradingReactions,
  processManagers: [orderExpiry, matchingProcess],
};
