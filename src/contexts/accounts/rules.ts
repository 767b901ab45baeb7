import type { CommandContext } from '../../kernel/command.ts';
import { reject } from '../../kernel/rejection.ts';
import { add, compare, integerDigitsMax, isDecimal, isFinerThan } from '../../lib/decimal.ts';
import { type Account, type AccountState, accountDecider, availableOf } from './account.ts';
import { minorUnitsOf } from './currencies.ts';
import { AccountNotOpen, InsufficientFunds, InvalidAmount } from './rejections.ts';
import { noSuchAccount } from './rights.ts';

/** The account that a command names. Rejects if it does not exist. */
export function loadAccount(context: CommandContext, accountId: string): AccountState {
  const { state } = context.load(accountDecider, accountId);
  if (state === null) throw noSuchAccount(accountId);
  return state;
}

/**
 * Whether cash and shares may leave an account or be reserved: only while it is open. Everything
 * that takes cash or shares out of an account checks this.
 */
export function canSend({ status }: Account): boolean {
  return status === 'OPEN';
}

/** Rejects unless cash and shares may leave the account. */
export function assertCanSend(account: Account): void {
  if (canSend(account)) return;
  const { id: accountId, status } = account;
  reject(AccountNotOpen, notOpenMessage(account), { accountId, status });
}

/** The error message for an account that is not open. */
export function notOpenMessage({ id, status }: Account): string {
  return `account ${id} is ${status.toLowerCase()}`;
}

/** Rejects unless the account's status is one of the allowed ones. */
export function assertStatus(account: Account, allowed: readonly Account['status'][]): void {
  const { id, status } = account;
  if (allowed.includes(status)) return;
  reject(AccountNotOpen, notOpenMessage(account), { accountId: id, status });
}

/** Rejects an amount that is zero, negative, or finer than the currency's minor unit. */
export function assertAmount({ currency }: Account, amount: string): void {
  if (compare(amount, '0') <= 0) {
    reject(InvalidAmount, `the amount must be greater than zero, not ${amount}`, { amount });
  }
  if (isFinerThan(amount, minorUnitsOf(currency) ?? 0)) {
    reject(InvalidAmount, `the amount ${amount} is finer than the minor unit of ${currency}`, {
      amount,
    });
  }
}

/** Whether the balance plus an amount has no more digits than a Decimal can have. */
export function hasCapacity({ balance, currency }: Account, amount: string): boolean {
  return isDecimal(add(balance, amount, minorUnitsOf(currency) ?? 0));
}

/** The error message for an amount that the balance cannot grow by. */
export function overCapacity({ id }: Account, amount: string): string {
  const limit = `more than ${integerDigitsMax} digits before the decimal point`;
  return `the balance of account ${id} plus ${amount} would have ${limit}`;
}

/** Rejects an amount with which the balance would have more digits than a Decimal can have. */
export function assertFits(account: Account, amount: string): void {
  if (!hasCapacity(account, amount))
    reject(InvalidAmount, overCapacity(account, amount), { amount });
}

/** Rejects if more cash is requested than the account has available. */
export function assertFunds(account: Account, requested: string): void {
  const available = availableOf(account);
  if (compare(requested, available) <= 0) return;
  const { id, currency } = account;
  const has = `account ${id} has only ${available} available`;
  const message = `the command needs ${requested} ${currency}, but ${has}`;
  reject(InsufficientFunds, message, { accountId: id, available, requested });
}
