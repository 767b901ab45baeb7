import { decimal, enumOf, id, integer, named, text } from '../../kernel/field.ts';
import type { RejectionDefinition } from '../../kernel/rejection.ts';
import { oneLine } from '../../lib/one-line.ts';
import { accountStatusEnum } from './account-status.ts';

const accountId = id('The id of the account.');

export const AccountNotFound = {
  name: 'AccountNotFoundError',
  code: 'ACCOUNT_NOT_FOUND',
  description: 'No account has this id. Check the id, or open the account first.',
  fields: { accountId },
} satisfies RejectionDefinition;

export const TooManyGrants = {
  name: 'TooManyGrantsError',
  code: 'TOO_MANY_GRANTS',
  description: 'The account has as many grants as it can have. Revoke one first.',
  fields: { accountId, grantsMax: integer('The maximum number of grants of an account.') },
} satisfies RejectionDefinition;

export const AccountAlreadyExists = {
  name: 'AccountAlreadyExistsError',
  code: 'ACCOUNT_ALREADY_EXISTS',
  description: 'An account with this id already exists. Use another id, or omit it.',
  fields: { accountId },
} satisfies RejectionDefinition;

export const AccountNotOpen = {
  name: 'AccountNotOpenError',
  code: 'ACCOUNT_NOT_OPEN',
  description: oneLine`The account is closed, or it is frozen and the command needs an open account.
    A frozen account can be opened again; a closed one cannot.`,
  fields: {
    accountId,
    status: enumOf(accountStatusEnum, 'The status of the account: FROZEN or CLOSED.'),
  },
} satisfies RejectionDefinition;

export const AccountNotEmpty = {
  name: 'AccountNotEmptyError',
  code: 'ACCOUNT_NOT_EMPTY',
  description: oneLine`The account cannot be closed while it has cash, shares or open orders. Cancel
    the orders, sell the shares and withdraw the cash first.`,
  fields: {
    accountId,
    balance: decimal("The cash in the account, in the account's currency."),
    openOrders: integer("The number of the account's open orders."),
  },
} satisfies RejectionDefinition;

export const InsufficientFunds = {
  name: 'InsufficientFundsError',
  code: 'INSUFFICIENT_FUNDS',
  description: oneLine`The command needs more cash than the account has available. Request less, or
    deposit cash first.`,
  fields: {
    accountId,
    available: decimal("The cash that is not reserved, in the account's currency."),
    requested: decimal("The cash that the command needs, in the account's currency."),
  },
} satisfies RejectionDefinition;

export const CurrencyMismatch = {
  name: 'CurrencyMismatchError',
  code: 'CURRENCY_MISMATCH',
  description: oneLine`The two accounts, or the account and the instrument, have different
    currencies. Use an account in the expected currency.`,
  fields: {
    expected: named(
      'expectedCurrency',
      text('The currency of the sending account or of the instrument, an ISO 4217 code.'),
    ),
    actual: named(
      'actualCurrency',
      text('The currency of the account that does not match, an ISO 4217 code.'),
    ),
  },
} satisfies RejectionDefinition;

export const InvalidAmount = {
  name: 'InvalidAmountError',
  code: 'INVALID_AMOUNT',
  description: oneLine`The amount is zero, negative or finer than the currency's minor unit, or the
    balance would have more digits than a Decimal allows. Correct the amount and send a new
    command.`,
  fields: { amount: decimal("The amount as given, in the account's currency.") },
} satisfies RejectionDefinition;

export const InvalidTransfer = {
  name: 'InvalidTransferError',
  code: 'INVALID_TRANSFER',
  description: 'The sending and the receiving account are the same. Name two different accounts.',
  fields: { accountId },
} satisfies RejectionDefinition;
