import type { BoundedContext } from '../../kernel/context.ts';
import { accountDecider } from './account.ts';
import { accountEvents } from './events.ts';
import { accountsView } from './views.ts';

/** Accounts, which hold cash in one currency, and shares. */
export const accounts: BoundedContext = {
  name: 'accounts',
  events: accountEvents,
  deciders: [accountDecider],
  views: [accountsView],
  rights: { view: accountsView, decider: accountDecider },
};
