import type { BoundedContext } from '../../kernel/context.ts';
import { tradingEvents } from './events.ts';
import { tradingReactions } from './reactions.ts';

/** Orders, their matching, and what they come to. */
export const trading: BoundedContext = {
  name: 'trading',
  events: tradingEvents,
  views: [],
  reactions: tradingReactions,
};
