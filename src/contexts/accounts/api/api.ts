import type { AddContextApi } from '../../../api/api-parts.ts';
import { accountTypes, findAccount } from './account.ts';
import { addAccountCommands } from './commands.ts';
import { addAccountQueries } from './queries.ts';
import { addAccountSubscription } from './subscription.ts';

/** Adds the types, queries, mutations and subscription of accounts. */
export const addAccountsApi: AddContextApi = (parts) => {
  const refs = accountTypes(parts);
  parts.nodes.register((id, at, context) => findAccount(context, id, at));
  addAccountQueries(parts, refs);
  addAccountCommands(parts, refs);
  addAccountSubscription(parts);
};
