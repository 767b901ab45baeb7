import type { ApiParts } from '../../../api/api-parts.ts';
import { parseId } from '../../../api/input.ts';
import { type FoundState, watchFound } from '../../../api/watch-found.ts';
import type { Account } from '../account.ts';
import { accountsView } from '../views.ts';
import { accountTypes, toAccountAt } from './account.ts';

/** Subscription.account: the state now, then each new one. */
export function addAccountSubscription(parts: ApiParts): void {
  const { builder, event } = parts;
  const { account } = accountTypes(parts);
  const frame = builder.objectRef<FoundState<Account>>('AccountFrame').implement({
    description: 'An account as it stands after an event.',
    fields: (t) => ({
      sequence: t.expose('sequence', { type: 'Sequence' }),
      account: t.field({
        type: account,
        resolve: ({ state, sequence }) => toAccountAt(state.document, sequence),
      }),
      event: t.expose('event', {
        type: event,
        nullable: true,
        description: 'What caused it; null in the first frame.',
      }),
    }),
  });
  builder.subscriptionField('account', (t) =>
    t.field({
      type: frame,
      description: `The state now at once, then each new state. A slow reader may miss states in
        between, never the last one.`.replace(/\s+/g, ' '),
      args: { id: t.arg.id({ required: true }) },
      subscribe: (_root, { id }, context) =>
        watchFound(context, { view: accountsView, key: parseId('id', id) }, 'ACCOUNT_NOT_FOUND'),
      resolve: (state) => state,
    }),
  );
}
