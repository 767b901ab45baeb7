import type { ApiParts } from '../../api/context-api.ts';
import { toApiError } from '../../api/engine-errors.ts';
import type { EngineParts } from '../../api/engine-parts.ts';
import { codedError } from '../../api/errors.ts';
import { parseId } from '../../api/input.ts';
import type { WatchedState } from '../../views/watched-document.ts';
import type { Account } from './account.ts';
import { type AccountRefs, toAccountAt } from './api-account.ts';
import { accountsView } from './views.ts';

type AccountState = WatchedState<Account> & { readonly document: Account };

/** Subscription.account: the state now, then each new one. */
export function addAccountSubscription(
  { builder, event }: ApiParts,
  { account }: AccountRefs,
): void {
  const frame = builder.objectRef<AccountState>('AccountFrame').implement({
    description: 'An account as it stands after an event.',
    fields: (t) => ({
      sequence: t.expose('sequence', { type: 'Sequence' }),
      account: t.field({
        type: account,
        resolve: ({ document, sequence }) => toAccountAt(document, sequence),
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
      subscribe: (_root, { id }, { engine, signal }) =>
        watchAccount(engine, parseId('id', id), signal),
      resolve: (state) => state,
    }),
  );
}

async function* watchAccount(
  engine: EngineParts,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<AccountState, void, undefined> {
  try {
    for await (const state of engine.watcher.watch(accountsView, id, signal)) {
      if (!isThere(state)) throw codedError('ACCOUNT_NOT_FOUND', `there is no account ${id}`);
      yield state;
    }
  } catch (error) {
    throw toApiError(error);
  }
}

function isThere(state: WatchedState<Account>): state is AccountState {
  return state.document !== null;
}
