import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiModule } from '../../../api/schema.ts';
import { trading } from '../context.ts';
import { addTradingCommands } from './commands.ts';
import { addTradingQueries } from './queries.ts';
import { findOrder, findTrade } from './read.ts';
import { addTradingSubscriptions } from './subscriptions.ts';
import { addTrialBalance } from './trial-balance.ts';

/** Trading and its part of the API. */
export const tradingModule: ApiModule = { context: trading, addApi };

function addApi(parts: ApiParts): void {
  parts.nodes.register((id, at, context) => findOrder(context, id, at));
  parts.nodes.register((id, at, context) => findTrade(context, id, at));
  addTradingQueries(parts);
  addTrialBalance(parts);
  addTradingCommands(parts);
  addTradingSubscriptions(parts);
}
