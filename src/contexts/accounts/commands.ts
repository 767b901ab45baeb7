import type { Access } from '../../kernel/account-rights.ts';
import type { CommandContext, CommandDefinition } from '../../kernel/command.ts';
import { BadUserInput, reject } from '../../kernel/rejection.ts';
import { compare } from '../../lib/decimal.ts';
import { oneLine } from '../../lib/one-line.ts';
import { type AccountState, accountDecider } from './account.ts';
import { recordInAccount } from './record.ts';
import * as rejections from './rejections.ts';
import { accountRight, concealing, openingRight } from './rights.ts';
import {
  assertAmount,
  assertCanSend,
  assertFits,
  assertFunds,
  assertStatus,
  loadAccount,
} from './rules.ts';

export interface OpenAccount {
  /** A UUID. If absent, a new one is generated. */
  readonly accountId?: string | null | undefined;
  readonly owner: string;
  readonly currency: string;
}

export interface MoveCash {
  readonly accountId: string;
  readonly amount: string;
  readonly reference?: string | null | undefined;
}

export interface TransferCash {
  readonly fromAccountId: string;
  readonly toAccountId: string;
  readonly amount: string;
  readonly reference?: string | null | undefined;
}

export interface ChangeAccount {
  readonly accountId: string;
  readonly reason?: string | null | undefined;
}

const accountIdOf = ({ accountId }: { readonly accountId: string }) => accountId;
const { AccountNotFound, AccountNotOpen, InsufficientFunds, InvalidAmount } = rejections;
const target = ({ accountId }: { readonly accountId: string }) => ({
  decider: accountDecider,
  id: accountId,
});

export const openAccount: CommandDefinition<OpenAccount> = {
  name: 'openAccount',
  description: 'Opens an empty account.',
  right: openingRight,
  rejections: [rejections.AccountAlreadyExists],
  handle({ accountId, owner, currency }, context) {
    const id = accountId ?? context.newId();
    if (context.load(accountDecider, id).version > 0) {
      reject(rejections.AccountAlreadyExists, `account ${id} already exists`, { accountId: id });
    }
    recordInAccount(context, id, { type: 'AccountOpened', data: { owner, currency } });
  },
};

export const depositCash: CommandDefinition<MoveCash> = {
  name: 'depositCash',
  description: 'Deposits cash into an account that is open or frozen.',
  right: accountRight('OPERATOR', accountIdOf),
  rejections: [AccountNotFound, AccountNotOpen, InvalidAmount],
  personal: ['reference'],
  target,
  handle: (input, context) => addCash('CashDeposited', input, context),
};

export const creditInterest: CommandDefinition<MoveCash> = {
  name: 'creditInterest',
  description: 'Credits interest to an account that is open or frozen.',
  right: accountRight('OPERATOR', accountIdOf),
  rejections: [AccountNotFound, AccountNotOpen, InvalidAmount],
  personal: ['reference'],
  target,
  handle: (input, context) => addCash('InterestCredited', input, context),
};

export const withdrawCash: CommandDefinition<MoveCash> = {
  name: 'withdrawCash',
  description: 'Withdraws available cash from an open account.',
  right: accountRight('FULL', accountIdOf),
  rejections: [AccountNotFound, AccountNotOpen, InvalidAmount, InsufficientFunds],
  personal: ['reference'],
  target,
  handle({ accountId, amount, reference = null }, context) {
    const account = loadAccount(context, accountId);
    assertCanSend(account);
    assertAmount(account, amount);
    assertFunds(account, amount);
    const data = { amount, currency: account.currency, reference };
    recordInAccount(context, accountId, { type: 'CashWithdrawn', data });
  },
};

export const transferCash: CommandDefinition<TransferCash> = {
  name: 'transferCash',
  description: oneLine`Transfers available cash from an open account to an open or frozen account of
    the same currency.`,
  right: accountRight('FULL', ({ fromAccountId }) => fromAccountId),
  rejections: [
    AccountNotFound,
    AccountNotOpen,
    InvalidAmount,
    InsufficientFunds,
    rejections.CurrencyMismatch,
    rejections.InvalidTransfer,
  ],
  personal: ['reference'],
  target: ({ fromAccountId }) => ({ decider: accountDecider, id: fromAccountId }),
  handle({ fromAccountId, toAccountId, amount, reference = null }, context) {
    if (fromAccountId === toAccountId) {
      const data = { accountId: fromAccountId };
      reject(rejections.InvalidTransfer, 'an account cannot transfer cash to itself', data);
    }
    const from = loadAccount(context, fromAccountId);
    assertCanSend(from);
    const to = loadAccount(context, toAccountId);
    const { currency } = from;
    concealing(context, to, () => assertReceives(to, currency));
    assertAmount(from, amount);
    assertFunds(from, amount);
    concealing(context, to, () => assertFits(to, amount));
    recordInAccount(context, fromAccountId, {
      type: 'CashTransferredOut',
      data: { amount, currency, toAccountId, reference },
    });
    recordInAccount(context, toAccountId, {
      type: 'CashTransferredIn',
      data: { amount, currency, fromAccountId, reference },
    });
  },
};

export const freezeAccount: CommandDefinition<ChangeAccount> = {
  name: 'freezeAccount',
  description: oneLine`Freezes an account, so that cash and shares cannot leave it, and cancels its
    open orders. Has no effect on a frozen account.`,
  right: accountRight('OPERATOR', accountIdOf),
  rejections: [AccountNotFound, AccountNotOpen],
  target,
  handle({ accountId, reason = null }, context) {
    const account = loadAccount(context, accountId);
    assertStatus(account, ['OPEN', 'FROZEN']);
    if (account.status === 'FROZEN') return;
    recordInAccount(context, accountId, { type: 'AccountFrozen', data: { reason } });
  },
};

export const unfreezeAccount: CommandDefinition<ChangeAccount> = {
  name: 'unfreezeAccount',
  description: 'Opens a frozen account again. Has no effect on an open account.',
  right: accountRight('OPERATOR', accountIdOf),
  rejections: [AccountNotFound, AccountNotOpen],
  target,
  handle({ accountId, reason = null }, context) {
    const account = loadAccount(context, accountId);
    assertStatus(account, ['OPEN', 'FROZEN']);
    if (account.status === 'OPEN') return;
    recordInAccount(context, accountId, { type: 'AccountUnfrozen', data: { reason } });
  },
};

export interface ChangeAccess {
  readonly accountId: string;
  /** The actor whose access changes. */
  readonly actor: string;
}

export interface GrantAccess extends ChangeAccess {
  readonly access: Access;
}

const grantsMax = 100;

export const grantAccess: CommandDefinition<GrantAccess> = {
  name: 'grantAccess',
  description: oneLine`Gives an actor access to an account, at any status of the account. The access
    replaces what the actor had before. Has no effect if the actor has the same access.`,
  right: accountRight('OWNER', accountIdOf),
  rejections: [AccountNotFound, rejections.TooManyGrants],
  target,
  handle({ accountId, actor, access }, context) {
    const { owner, grants } = loadAccount(context, accountId);
    if (actor === owner) {
      reject(BadUserInput, 'actor must not be the owner, who has all rights', { member: 'actor' });
    }
    const known = grants.find((grant) => grant.actor === actor);
    if (known?.access === access) return;
    if (known === undefined && grants.length >= grantsMax) {
      const message = `account ${accountId} has ${grantsMax} grants, the most that it can have`;
      reject(rejections.TooManyGrants, message, { accountId, grantsMax });
    }
    recordInAccount(context, accountId, {
      type: 'AccessGranted',
      data: { grantee: actor, access },
    });
  },
};

export const revokeAccess: CommandDefinition<ChangeAccess> = {
  name: 'revokeAccess',
  description: oneLine`Revokes the access of an actor to an account. Has no effect if the actor has
    none.`,
  right: accountRight('OWNER', accountIdOf),
  rejections: [AccountNotFound],
  target,
  handle({ accountId, actor }, context) {
    const { grants } = loadAccount(context, accountId);
    if (!grants.some((grant) => grant.actor === actor)) return;
    recordInAccount(context, accountId, { type: 'AccessRevoked', data: { grantee: actor } });
  },
};

export const closeAccount: CommandDefinition<{ readonly accountId: string }> = {
  name: 'closeAccount',
  description: oneLine`Closes an open account permanently. The account must have no cash, no shares
    and no open orders. Has no effect on a closed account.`,
  right: accountRight('FULL', accountIdOf),
  rejections: [AccountNotFound, AccountNotOpen, rejections.AccountNotEmpty],
  target,
  handle({ accountId }, context) {
    const account = loadAccount(context, accountId);
    if (account.status === 'CLOSED') return;
    assertStatus(account, ['OPEN']);
    // Recorded first, so that the trading context rejects with the number of open orders, if any.
    recordInAccount(context, accountId, { type: 'AccountClosed', data: {} });
    assertEmpty(account);
  },
};

/** Rejects unless the account can receive cash in a currency. */
function assertReceives(to: AccountState, currency: string): void {
  assertStatus(to, ['OPEN', 'FROZEN']);
  if (currency === to.currency) return;
  const message = `the transfer is in ${currency}, but account ${to.id} is in ${to.currency}`;
  reject(rejections.CurrencyMismatch, message, { expected: currency, actual: to.currency });
}

function assertEmpty({ id: accountId, balance, currency, holdings }: AccountState): void {
  const data = { accountId, balance, openOrders: 0 };
  if (compare(balance, '0') !== 0) {
    reject(
      rejections.AccountNotEmpty,
      `account ${accountId} still has ${balance} ${currency}: withdraw or transfer it first`,
      data,
    );
  }
  const [symbol] = Object.keys(holdings);
  if (symbol === undefined) return;
  const message = `account ${accountId} still has shares of ${symbol}: sell them first`;
  reject(rejections.AccountNotEmpty, message, data);
}

function addCash(
  type: 'CashDeposited' | 'InterestCredited',
  { accountId, amount, reference = null }: MoveCash,
  context: CommandContext,
): void {
  const account = loadAccount(context, accountId);
  assertStatus(account, ['OPEN', 'FROZEN']);
  assertAmount(account, amount);
  assertFits(account, amount);
  const data = { amount, currency: account.currency, reference };
  recordInAccount(context, accountId, { type, data });
}
