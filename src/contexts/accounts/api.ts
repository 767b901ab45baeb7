import type { AddContextApi } from '../../api/context-api.ts';
import { accountTypes, findAccount } from './api-account.ts';
import { addAccountCommands } from './api-commands.ts';
import { addAccountQueries } from './api-queries.ts';
import { addAccountSubscription } from './api-subscription.ts';

/** The accounts' part of the API. */
export const addAccountsApi: AddContextApi = (parts) => {
  const refs = accountTypes(parts);
  parts.nodes.register((id, at, context) => findAccount(context, id, at));
  addAccountQueries(parts, refs);
  addAccountCommands(parts, refs);
  addAccountSubscription(parts);
};
