import type { BoundedContext } from '../../kernel/context.ts';
import { accountDecider } from './account.ts';
import { accountEvents } from './events.ts';
import { accountsView } from './views.ts';

/** Cash accounts. */
export const accounts: BoundedContext = {
  name: 'accounts',
  events: accountEvents,
  deciders: [accountDecider],
  views: [accountsView],
};
