import { entityIdOf } from '../../kernel/decider.ts';
import type { View } from '../../kernel/view.ts';
import { type Account, evolveAccount } from './account.ts';
import { accountEvents, type StoredAccountEvent } from './events.ts';

const filters = {
  owner: (account: Account): string => account.owner,
  currency: (account: Account): string => account.currency,
  status: (account: Account): string => account.status,
};

/** Every account by its id: the same fold that decides commands. */
export const accountsView: View<Account> = {
  name: 'accounts',
  version: 2,
  description: 'Cash accounts: balance, status, owner.',
  types: Object.keys(accountEvents),
  keysOf: (event) => [entityIdOf(event.streamId)],
  evolve: (account, event) => evolveAccount(account ?? null, event as StoredAccountEvent),
  lists: {
    OPENED_AT: { position: (account) => account.openedAt, filters },
    OWNER: { position: (account) => account.owner, filters },
  },
};
