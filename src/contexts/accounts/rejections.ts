import { decimal, id, integer, text } from '../../kernel/field.ts';
import type { RejectionDefinition } from '../../kernel/rejection.ts';

const accountId = id('The account.');

export const AccountNotFound = {
  name: 'AccountNotFoundError',
  code: 'ACCOUNT_NOT_FOUND',
  description: 'There is no such account.',
  fields: { accountId },
} satisfies RejectionDefinition;

export const AccountAlreadyExists = {
  name: 'AccountAlreadyExistsError',
  code: 'ACCOUNT_ALREADY_EXISTS',
  description: 'An account of this id was opened before.',
  fields: { accountId },
} satisfies RejectionDefinition;

export const AccountNotOpen = {
  name: 'AccountNotOpenError',
  code: 'ACCOUNT_NOT_OPEN',
  description: 'The account is closed, or frozen and does not let cash out.',
  fields: { accountId, status: text('FROZEN or CLOSED.') },
} satisfies RejectionDefinition;

export const AccountNotEmpty = {
  name: 'AccountNotEmptyError',
  code: 'ACCOUNT_NOT_EMPTY',
  description: 'Only an account without cash, shares and open orders can be closed.',
  fields: {
    accountId,
    balance: decimal('The cash that is still in it.'),
    openOrders: integer('How many of its orders are open.'),
  },
} satisfies RejectionDefinition;

export const InsufficientFunds = {
  name: 'InsufficientFundsError',
  code: 'INSUFFICIENT_FUNDS',
  description: 'More was asked for than the account has available.',
  fields: {
    accountId,
    available: decimal('Booked cash that is not reserved.'),
    requested: decimal('What was asked for.'),
  },
} satisfies RejectionDefinition;

export const CurrencyMismatch = {
  name: 'CurrencyMismatchError',
  code: 'CURRENCY_MISMATCH',
  description: 'The two sides are not of one currency.',
  fields: {
    expected: text('The currency of the side that gives.'),
    actual: text('The currency of the side that takes.'),
  },
} satisfies RejectionDefinition;

export const InvalidAmount = {
  name: 'InvalidAmountError',
  code: 'INVALID_AMOUNT',
  description: `The amount is zero, negative, finer than the minor unit of the currency, or makes a
    balance of more digits than a Decimal has.`.replace(/\s+/g, ' '),
  fields: { amount: decimal('The amount as given.') },
} satisfies RejectionDefinition;

export const InvalidTransfer = {
  name: 'InvalidTransferError',
  code: 'INVALID_TRANSFER',
  description: 'An account cannot transfer cash to itself.',
  fields: { accountId },
} satisfies RejectionDefinition;
