import type { AddContextApi } from '../../api/context-api.ts';
import { addTradingCommands } from './api-commands.ts';
import { addTradingQueries } from './api-queries.ts';
import { findOrder, findTrade } from './api-read.ts';
import { addTradingSubscriptions } from './api-subscriptions.ts';
import { addTrialBalance } from './api-trial-balance.ts';

/** Trading's part of the API. */
export const addTradingApi: AddContextApi = (parts) => {
  parts.nodes.register((id, at, context) => findOrder(context, id, at));
  parts.nodes.register((id, at, context) => findTrade(context, id, at));
  addTradingQueries(parts);
  addTrialBalance(parts);
  addTradingCommands(parts);
  addTradingSubscriptions(parts);
};
