import type { CommandContext } from '../../kernel/command.ts';
import { reject } from '../../kernel/rejection.ts';
import { add, compare, isDecimal, isFinerThan } from '../../lib/decimal.ts';
import { type Account, type AccountState, accountDecider, availableOf } from './account.ts';
import { minorUnitsOf } from './currencies.ts';
import { AccountNotFound, AccountNotOpen, InsufficientFunds, InvalidAmount } from './rejections.ts';

/** The account that a command names; rejects when there is none. */
export function loadAccount(context: CommandContext, accountId: string): AccountState {
  const { state } = context.load(accountDecider, accountId);
  return state ?? reject(AccountNotFound, `there is no account ${accountId}`, { accountId });
}

/** Rejects unless the account has one of the allowed statuses. */
export function assertStatus({ id, status }: Account, allowed: readonly Account['status'][]): void {
  if (allowed.includes(status)) return;
  const message = `account ${id} is ${status.toLowerCase()}`;
  reject(AccountNotOpen, message, { accountId: id, status });
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

/** Rejects when the balance would have more digits than a Decimal, in which it is told. */
export function assertRoom({ id, balance, currency }: Account, amount: string): void {
  if (isDecimal(add(balance, amount, minorUnitsOf(currency) ?? 0))) return;
  const message = `with ${amount} more the balance of account ${id} has too many digits`;
  reject(InvalidAmount, message, { amount });
}

/** Rejects when more is requested than is available. */
export function assertFunds(account: Account, requested: string): void {
  const available = availableOf(account);
  if (compare(requested, available) <= 0) return;
  const message = `${requested} was requested, ${available} ${account.currency} is available`;
  reject(InsufficientFunds, message, { accountId: account.id, available, requested });
}
