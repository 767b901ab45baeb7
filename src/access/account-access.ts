import type { Access, AccountRights } from '../kernel/account-rights.ts';
import type { EnumDefinition } from '../kernel/field.ts';
import { type Caller, hasRole } from '../kernel/role.ts';

export const accessEnum: EnumDefinition<Access> = {
  name: 'Access',
  description: 'What an actor may do with an account that it does not own.',
  values: {
    VIEW: 'See the account: its cash, shares, orders and history.',
    TRADE: 'See the account, and place, replace and cancel its orders.',
    FULL: 'See the account, trade for it, withdraw and transfer its cash, and close it.',
  },
};

/** What a command needs from the caller who sends it for an account. */
export type AccountNeed = 'TRADE' | 'FULL' | 'OWNER' | 'OPERATOR';

const ranks = { VIEW: 1, TRADE: 2, FULL: 3, OWNER: 4, OPERATOR: 5 } as const;

/** Whether the caller may see all accounts. */
export function mayViewAll(caller: Caller): boolean {
  return hasRole(caller, 'OPERATOR', 'AUDITOR');
}

/** Whether the caller may see the account, and everything that belongs to it. */
export function mayView(account: AccountRights, caller: Caller): boolean {
  return mayViewAll(caller) || rankOf(account, caller) >= ranks.VIEW;
}

/** Whether the caller may send a command with this need for the account. */
export function mayAct(account: AccountRights, caller: Caller, need: AccountNeed): boolean {
  return hasRole(caller, 'OPERATOR') || rankOf(account, caller) >= ranks[need];
}

/** Whether the caller may own accounts and be let in to those of others. */
export function mayOwn(caller: Caller): boolean {
  return hasRole(caller, 'CUSTOMER');
}

function rankOf({ owner, grants }: AccountRights, caller: Caller): number {
  if (!mayOwn(caller)) return 0;
  if (owner === caller.actor) return ranks.OWNER;
  const grant = grants.find(({ actor }) => actor === caller.actor);
  return grant === undefined ? 0 : ranks[grant.access];
}
