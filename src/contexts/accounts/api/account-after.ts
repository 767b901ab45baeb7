import type { CommandAnswer } from '../../../api/command-mutation.ts';
import { codedError } from '../../../api/errors.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { createStateAfter, fieldAfter } from '../../../api/state-after.ts';
import { accountDecider } from '../account.ts';
import { AccountNotFound } from '../rejections.ts';
import { accountsView } from '../views.ts';
import { type AccountAt, type AccountRefs, toAccountAt } from './account.ts';

const readAccountAfter = createStateAfter({
  decider: accountDecider,
  view: accountsView,
  toSource: toAccountAt,
});

/**
 * The account right after a command. Throws ACCOUNT_NOT_FOUND if the answer is a recorded one and
 * the actor may not see the account any more.
 */
export async function accountAfter(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  id: string,
): Promise<AccountAt> {
  if (answer.result.replayed && !(await context.visibility.mayView(id))) {
    throw codedError(AccountNotFound.code, `there is no account ${id}`);
  }
  return readAccountAfter(context, answer, id);
}

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
