import { type AccountNeed, mayAct, mayOwn, mayView } from '../../access/account-access.ts';
import { forbidden, hidden } from '../../access/command-rights.ts';
import type { CommandContext, Right } from '../../kernel/command.ts';
import { Rejection } from '../../kernel/rejection.ts';
import { hasRole } from '../../kernel/role.ts';
import { type AccountState, accountDecider } from './account.ts';
import { AccountNotFound } from './rejections.ts';

/** Who has the right to a command for an account, by its need. */
export const rightHolders: Readonly<Record<AccountNeed, string>> = {
  TRADE: 'the owner, actors with TRADE or FULL access to the account, and OPERATOR',
  FULL: 'the owner, actors with FULL access to the account, and OPERATOR',
  OWNER: 'the owner of the account, and OPERATOR',
  OPERATOR: 'actors with the role OPERATOR',
};

/** The right to a command for the account with the id that `idOf` returns. */
export function accountRight<Input>(
  need: AccountNeed,
  idOf: (input: Input) => string,
): Right<Input> {
  return {
    holders: rightHolders[need],
    assert: (input, context) => assertMayAct(context, need, idOf(input)),
  };
}

/**
 * Rejects a command for an account unless the caller may send it. An account that the caller may
 * not see is rejected as one that does not exist, before anything else is checked.
 */
export function assertMayAct(context: CommandContext, need: AccountNeed, accountId: string): void {
  const { caller } = context;
  if (hasRole(caller, 'OPERATOR')) return;
  const { state } = context.load(accountDecider, accountId);
  if (state === null) throw noSuchAccount(accountId);
  if (mayAct(state, caller, need)) return;
  if (mayView(state, caller)) throw forbidden(caller);
  throw hidden(noSuchAccount(accountId));
}

/**
 * Checks an account to which a command adds something. If the caller may not see the account, each
 * rejection says that it does not exist, and so says nothing about it.
 */
export function concealing(
  { caller }: CommandContext,
  account: AccountState,
  check: () => void,
): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof Rejection) || mayView(account, caller)) throw error;
    throw noSuchAccount(account.id);
  }
}

/** The right to open an account: for oneself, or as an operator for anyone. */
export const openingRight: Right<{ readonly owner: string }> = {
  holders: 'a CUSTOMER who is the owner, and OPERATOR',
  assert({ owner }, { caller }) {
    if (hasRole(caller, 'OPERATOR') || (mayOwn(caller) && owner === caller.actor)) return;
    throw forbidden(caller);
  },
};

/** The rejection of an account that does not exist, or that the caller may not see. */
export function noSuchAccount(accountId: string): Rejection {
  const message = `there is no account ${accountId}`;
  return new Rejection(AccountNotFound.code, message, { accountId });
}
