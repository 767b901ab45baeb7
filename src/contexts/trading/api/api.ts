import type { AddContextApi } from '../../../api/api-parts.ts';
import { addTradingCommands } from './commands.ts';
import { addTradingQueries } from './queries.ts';
import { findOrder, findTrade } from './read.ts';
import { addTradingSubscriptions } from './subscriptions.ts';
import { addTrialBalance } from './trial-balance.ts';

/** Trading's part of the API. */
export const addTradingApi: AddContextApi = (parts) => {
  parts.nodes.register((id, at, context) => findOrder(context, id, at));
  parts.nodes.register((id, at, context) => findTrade(context, id, at));
  addTradingQueries(parts);
  addTrialBalance(parts);
  addTradingCommands(parts);
  addTradingSubscriptions(parts);
};
