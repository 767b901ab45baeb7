import type { CommandAnswer } from '../../../api/command-mutation.ts';
import { createStateAfter, fieldAfter } from '../../../api/state-after.ts';
import { accountDecider } from '../account.ts';
import { accountsView } from '../views.ts';
import { type AccountRefs, toAccountAt } from './account.ts';

/** The account right after a command. */
export const accountAfter = createStateAfter({
  decider: accountDecider,
  view: accountsView,
  toSource: toAccountAt,
});

/** The options of the payload field `account`: the account with the id that `idOf` returns. */
export function accountField<Input>(
  { account }: AccountRefs,
  idOf: (answer: CommandAnswer<Input>) => string,
) {
  const description = 'The account after the command.';
  return fieldAfter({ type: account, description, state: accountAfter, idOf });
}

/** The id of the account that a command names. */
export function toAccountId({ input }: CommandAnswer<{ readonly accountId: string }>): string {
  return input.accountId;
}
