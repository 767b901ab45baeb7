import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiModule } from '../../../api/schema.ts';
import { trading } from '../context.ts';
import { findBook } from './book.ts';
import { addTradingCommands } from './commands.ts';
import { addCompare } from './compare.ts';
import { addExplain } from './explain.ts';
import { findPortfolio } from './portfolio.ts';
import { findPosition } from './position.ts';
import { addTradingQueries } from './queries.ts';
import { findOrder, findTrade } from './read.ts';
import { addTradingSubscriptions } from './subscriptions.ts';
import { addTrialBalance } from './trial-balance.ts';

/** Trading and its part of the API. */
export const tradingModule: ApiModule = { context: trading, addApi };

function addApi(parts: ApiParts): void {
  parts.nodes.register((key, at, context) => findOrder(context, key, at));
  parts.nodes.register((key, at, context) => findTrade(context, key, at));
  parts.nodes.register((key, at, context) => findBook(context, key, at));
  parts.nodes.register((key, at, context) => findPortfolio(context, key, at));
  parts.nodes.register((key, at, context) => findPosition(context, key, at));
  addTradingQueries(parts);
  addTrialBalance(parts);
  addExplain(parts);
  addCompare(parts);
  addTradingCommands(parts);
  addTradingSubscriptions(parts);
}
