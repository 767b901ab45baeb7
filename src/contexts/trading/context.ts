import type { BoundedContext } from '../../kernel/context.ts';
import { bookDecider } from './book.ts';
import { clientOrderDecider } from './client-orders.ts';
import { tradingEvents } from './events.ts';
import { orderExpiry } from './expiry.ts';
import { levelsView } from './levels-view.ts';
import { matchingProcess } from './matching-process.ts';
import { orderDecider } from './order.ts';
import { ordersView } from './orders-view.ts';
import { positionsView } from './positions-view.ts';
import { tradingReactions } from './reactions.ts';
import { tradesView } from './trades-view.ts';
import { trialBalanceView } from './trial-balance-view.ts';

/** Orders, their matching, and what they come to. */
export const trading: BoundedContext = {
  name: 'trading',
  events: tradingEvents,
  deciders: [orderDecider, bookDecider, clientOrderDecider],
  views: [ordersView, levelsView, tradesView, positionsView, trialBalanceView],
  reactions: tradingReactions,
  processManagers: [orderExpiry, matchingProcess],
};
