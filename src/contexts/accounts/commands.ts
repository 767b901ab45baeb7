import type { CommandContext, CommandDefinition } from '../../kernel/command.ts';
import { reject } from '../../kernel/rejection.ts';
import { compare } from '../../lib/decimal.ts';
import { type AccountState, accountDecider } from './account.ts';
import { recordInAccount } from './record.ts';
import * as rejections from './rejections.ts';
import {
  assertAmount,
  assertCanSend,
  assertFits,
  assertFunds,
  assertStatus,
  loadAccount,
} from './rules.ts';

export interface OpenAccount {
  /** Absent: a fresh UUID. */
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

const { AccountNotFound, AccountNotOpen, InsufficientFunds, InvalidAmount } = rejections;
const target = ({ accountId }: { readonly accountId: string }) => ({
  decider: accountDecider,
  id: accountId,
});

export const openAccount: CommandDefinition<OpenAccount> = {
  name: 'openAccount',
  description: 'Opens an empty cash account.',
  rejections: [rejections.AccountAlreadyExists],
  handle({ accountId, owner, currency }, context) {
    const id = accountId ?? context.newId();
    if (context.load(accountDecider, id).version > 0) {
      reject(rejections.AccountAlreadyExists, `account ${id} exists already`, { accountId: id });
    }
    recordInAccount(context, id, { type: 'AccountOpened', data: { owner, currency } });
  },
};

export const depositCash: CommandDefinition<MoveCash> = {
  name: 'depositCash',
  description: 'Brings cash into an account that is not closed.',
  rejections: [AccountNotFound, AccountNotOpen, InvalidAmount],
  target,
  handle: (input, context) => bring('CashDeposited', input, context),
};

export const creditInterest: CommandDefinition<MoveCash> = {
  name: 'creditInterest',
  description: 'Credits interest to an account that is not closed.',
  rejections: [AccountNotFound, AccountNotOpen, InvalidAmount],
  target,
  handle: (input, context) => bring('InterestCredited', input, context),
};

export const withdrawCash: CommandDefinition<MoveCash> = {
  name: 'withdrawCash',
  description: 'Takes available cash out of an open account.',
  rejections: [AccountNotFound, AccountNotOpen, InvalidAmount, InsufficientFunds],
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
  description: 'Moves available cash from an open account to one of the same currency.',
  rejections: [
    AccountNotFound,
    AccountNotOpen,
    InvalidAmount,
    InsufficientFunds,
    rejections.CurrencyMismatch,
    rejections.InvalidTransfer,
  ],
  target: ({ fromAccountId }) => ({ decider: accountDecider, id: fromAccountId }),
  handle({ fromAccountId, toAccountId, amount, reference = null }, context) {
    if (fromAccountId === toAccountId) {
      const data = { accountId: fromAccountId };
      reject(rejections.InvalidTransfer, 'an account cannot transfer cash to itself', data);
    }
    const from = loadAccount(context, fromAccountId);
    const to = loadAccount(context, toAccountId);
    assertCanSend(from);
    assertStatus(to, ['OPEN', 'FROZEN']);
    const { currency } = from;
    if (currency !== to.currency) {
      const data = { expected: currency, actual: to.currency };
      reject(rejections.CurrencyMismatch, `${currency} cannot go to ${to.currency}`, data);
    }
    assertAmount(from, amount);
    assertFunds(from, amount);
    assertFits(to, amount);
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
  description:
    `Lets nothing leave an account any more, and cancels its open orders. A frozen account
    stays as it is.`.replace(/\s+/g, ' '),
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
  description: 'Opens a frozen account again; an open one stays as it is.',
  rejections: [AccountNotFound, AccountNotOpen],
  target,
  handle({ accountId, reason = null }, context) {
    const account = loadAccount(context, accountId);
    assertStatus(account, ['OPEN', 'FROZEN']);
    if (account.status === 'OPEN') return;
    recordInAccount(context, accountId, { type: 'AccountUnfrozen', data: { reason } });
  },
};

export const closeAccount: CommandDefinition<{ readonly accountId: string }> = {
  name: 'closeAccount',
  description:
    `Closes an open account for good. The account must have no cash, no shares and no open
    orders. A closed one stays as it is.`.replace(/\s+/g, ' '),
  rejections: [AccountNotFound, AccountNotOpen, rejections.AccountNotEmpty],
  target,
  handle({ accountId }, context) {
    const account = loadAccount(context, accountId);
    if (account.status === 'CLOSED') return;
    assertStatus(account, ['OPEN']);
    // First, so that whoever knows of open orders refuses with their number.
    recordInAccount(context, accountId, { type: 'AccountClosed', data: {} });
    assertEmpty(account);
  },
};

function assertEmpty({ id: accountId, balance, currency, holdings }: AccountState): void {
  const data = { accountId, balance, openOrders: 0 };
  if (compare(balance, '0') !== 0) {
    reject(
      rejections.AccountNotEmpty,
      `account ${accountId} still has ${balance} ${currency}`,
      data,
    );
  }
  const [symbol] = Object.keys(holdings);
  if (symbol === undefined) return;
  reject(rejections.AccountNotEmpty, `account ${accountId} still has shares of ${symbol}`, data);
}

function bring(
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
