import type { ApiParts } from '../../../api/api-parts.ts';
import { parseId } from '../../../api/input.ts';
import { access } from '../../../api/root-access.ts';
import { frameEvent, frameSequence, latestDescription } from '../../../api/state-frames.ts';
import { type FoundState, watchFound } from '../../../api/watch-found.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { Account } from '../account.ts';
import { accountsView } from '../views.ts';
import { accountTypes, toAccountAt } from './account.ts';

/** Adds Subscription.account and its frame type. */
export function addAccountSubscription(parts: ApiParts): void {
  const { builder } = parts;
  const { account } = accountTypes(parts);
  const frame = builder.objectRef<FoundState<Account>>('AccountFrame').implement({
    description: 'The state of an account, and the event that led to it.',
    fields: (t) => ({
      sequence: t.expose('sequence', frameSequence),
      account: t.field({
        type: account,
        description: 'The account at the sequence number of this frame.',
        resolve: ({ state, sequence }) => toAccountAt(state.document, sequence),
      }),
      event: t.field(frameEvent(parts)),
    }),
  });
  builder.subscriptionField('account', (t) =>
    t.field({
      extensions: access('ACCOUNTS'),
      type: frame,
      description: oneLine`Sends the current state of an account first, then each new state.
        ${latestDescription} Fails with ACCOUNT_NOT_FOUND if no account that the actor may see has
        the id, also as soon as the access of the actor is revoked.`,
      args: { id: t.arg.id({ required: true, description: 'The id of the account, a UUID.' }) },
      subscribe: (_root, { id }, context) =>
        watchFound(
          context,
          {
            view: accountsView,
            noun: 'account',
            key: parseId('id', id),
            accountOf: ({ id }) => id,
          },
          'ACCOUNT_NOT_FOUND',
        ),
      resolve: (state) => state,
    }),
  );
}
