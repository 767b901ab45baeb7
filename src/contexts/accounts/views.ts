import { entityIdOf } from '../../kernel/decider.ts';
import type { View } from '../../kernel/view.ts';
import { type Account, evolveAccount } from './account.ts';
import { accountEvents, type StoredAccountEvent } from './events.ts';

const filters = {
  owner: (account: Account): string => account.owner,
  currency: (account: Account): string => account.currency,
  status: (account: Account): string => account.status,
};

/** The actors who may see the account because they own it or were let in. */
const viewer = ({ owner, grants }: Account): readonly string[] => [
  owner,
  ...grants.map(({ actor }) => actor).filter((actor) => actor !== owner),
];

/** Every account by its id. It folds events as the decider does. */
export const accountsView: View<Account> = {
  name: 'accounts',
  version: 4,
  description: 'The accounts: owner, currency, balance and status.',
  types: Object.keys(accountEvents),
  keysOf: (event) => [entityIdOf(event.streamId)],
  evolve: (account, event) => evolveAccount(account ?? null, event as StoredAccountEvent),
  lists: {
    OPENED_AT: { position: (account) => account.openedAt, filters },
    OWNER: { position: (account) => account.owner, filters },
    // For callers who may not see all accounts. The positions of an account never change.
    VIEWER_OPENED_AT: { position: (account) => account.openedAt, filters: { viewer } },
    VIEWER_OWNER: { position: (account) => account.owner, filters: { viewer } },
  },
};
