import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiModule } from '../../../api/schema.ts';
import { accounts } from '../context.ts';
import { accountTypes, findAccount } from './account.ts';
import { addAccountCommands } from './commands.ts';
import { addAccountQueries } from './queries.ts';
import { addAccountSubscription } from './subscription.ts';

/** The accounts and their part of the API. */
export const accountsModule: ApiModule = { context: accounts, addApi };

function addApi(parts: ApiParts): void {
  const refs = accountTypes(parts);
  parts.nodes.register((key, at, context) => findAccount(context, key, at));
  addAccountQueries(parts, refs);
  addAccountCommands(parts, refs);
  addAccountSubscription(parts);
}
