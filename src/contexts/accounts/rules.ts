import type { CommandContext } from '../../kernel/command.ts';
import { reject } from '../../kernel/rejection.ts';
import { add, compare, integerDigitsMax, isDecimal, isFinerThan } from '../../lib/decimal.ts';
import { type Account, type AccountState, accountDecider, availableOf } from './account.ts';
import { minorUnitsOf } from './currencies.ts';
import { AccountNotFound, AccountNotOpen, InsufficientFunds, InvalidAmount } from './rejections.ts';

/** The account that a command names; rejects when there is none. */
export function loadAccount(context: CommandContext, accountId: string): AccountState {
  const { state } = context.load(accountDecider, accountId);
  return state ?? reject(AccountNotFound, `there is no account ${accountId}`, { accountId });
}

/**
 * Whether cash and shares may leave an account, or be reserved to leave it: only while it is open. Every
 * way out asks this.
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

export function notOpenMessage({ id, status }: Account): string {
  return `account ${id} is ${status.toLowerCase()}`;
}

/** Rejects unless the account has one of the allowed statuses. */
export function assertStatus(account: Account, allowed: readonly Account['status'][]): void {
  const { id, status } = account;
  if (allowed.includes(status)) return;
  reject(AccountNotOpen, notOpenMessage(account), { accountId: id, status });
}

/** Rejects zero, negative amounts, and those finer than the currency has units. */
export function assertAmount({ currency }: Account, amount: string): void {
  if (compare(amount, '0') <= 0) {
    reject(InvalidAmount, `an amount is more than zero, not ${amount}`, { amount });
  }
  if (isFinerThan(amount, minorUnitsOf(currency) ?? 0)) {
    reject(InvalidAmount, `${amount} is finer than the minor unit of ${currency}`, { amount });
  }
}

/** Whether the balance keeps within the digits of a Decimal when it grows by an amount. */
export function hasCapacity({ balance, currency }: Account, amount: string): boolean {
  return isDecimal(add(balance, amount, minorUnitsOf(currency) ?? 0));
}

export function overCapacity({ id }: Account, amount: string): string {
  return `with ${amount} more the balance of account ${id} has over ${integerDigitsMax} digits`;
}

/** Rejects an amount by which the balance would grow past the digits of a Decimal. */
export function assertFits(account: Account, amount: string): void {
  if (!hasCapacity(account, amount))
    reject(InvalidAmount, overCapacity(account, amount), { amount });
}

/** Rejects when more is requested than is available. */
export function assertFunds(account: Account, requested: string): void {
  const available = availableOf(account);
  if (compare(requested, available) <= 0) return;
  const message = `${requested} was requested, ${available} ${account.currency} is available`;
  reject(InsufficientFunds, message, { accountId: account.id, available, requested });
}
