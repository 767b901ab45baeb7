import type { EventOf, StoredEventOf } from '../../kernel/event-definition.ts';
import { decimal, id, nullable, text } from '../../kernel/field.ts';

const amount = decimal('How much, as it was given; finer than no minor unit of the currency.');
const currency = text('The ISO 4217 code of the account.');
const reference = nullable(text('What the client wrote to it.'));
const reason = nullable(text('Why.'));
const symbol = id('The instrument.');
const shares = decimal('How many shares.');
const orderId = id('The order.');
const settlement = {
  tradeId: id('The trade.'),
  orderId,
  symbol,
  quantity: shares,
  price: decimal('Of one share.'),
  amount: decimal('Price times quantity, rounded half-up to the minor unit of the currency.'),
  fee: decimal("The account's own, beside the amount."),
  currency,
};

/** All that can happen to an account. */
export const accountEvents = {
  AccountOpened: {
    description: 'A cash account was opened, empty.',
    fields: { owner: text('Whose account it is.'), currency },
  },
  CashDeposited: {
    description: 'Cash came into the account from outside.',
    fields: { amount, currency, reference },
  },
  CashWithdrawn: {
    description: 'Cash left the account to the outside.',
    fields: { amount, currency, reference },
  },
  CashTransferredOut: {
    description: 'Cash left for another account, which receives it in the next event of the log.',
    fields: { amount, currency, toAccountId: id('Where it went.'), reference },
  },
  CashTransferredIn: {
    description: 'Cash came from another account, which gave it in the event before.',
    fields: { amount, currency, fromAccountId: id('Where it came from.'), reference },
  },
  InterestCredited: {
    description: 'The account earned interest.',
    fields: { amount, currency, reference },
  },
  CashHeld: {
    description: 'Cash was reserved for an open order.',
    fields: { amount, currency, orderId },
  },
  CashReleased: {
    description: 'Cash that was reserved for an order is free again.',
    fields: { amount, currency, orderId },
  },
  SharesDeposited: {
    description: 'Shares came into the account from outside.',
    fields: {
      symbol,
      quantity: shares,
      costPrice: decimal('What one share cost its owner.'),
      currency: text('ISO 4217: what the cost is in.'),
      reference,
    },
  },
  SharesHeld: {
    description: 'Shares were reserved for an open order.',
    fields: { symbol, quantity: shares, orderId },
  },
  SharesReleased: {
    description: 'Shares that were reserved for an order are free again.',
    fields: { symbol, quantity: shares, orderId },
  },
  PurchaseSettled: {
    description: 'Shares came for cash: the amount and the fee were paid.',
    fields: { ...settlement, released: decimal('Cash reserved for the order and free with this.') },
  },
  SaleSettled: {
    description: 'Shares went for cash: the amount less the fee was received.',
    fields: { ...settlement, released: decimal('Shares reserved for the order and gone with it.') },
  },
  AccountFrozen: {
    description: 'Nothing may leave the account any more.',
    fields: { reason },
  },
  AccountUnfrozen: {
    description: 'The account is open again.',
    fields: { reason },
  },
  AccountClosed: {
    description: 'The account was closed for good, empty.',
    fields: {},
  },
} as const;

export type AccountEvent = EventOf<typeof accountEvents>;
export type StoredAccountEvent = StoredEventOf<typeof accountEvents>;
