import type {
  EventDefinitions,
  EventOf,
  StoredEventOf,
  Upcaster,
} from '../../kernel/event-definition.ts';
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
  price: decimal('The price of one share.'),
  amount: decimal('The cash paid or received for the shares, without the fee.'),
  fee: decimal('The fee that the account paid for the trade.'),
  currency,
};

/**
 * Version 2 has the fields of version 1. From it on, amounts and fees are rounded on the totals of
 * their order instead of trade by trade, and a position carries its cost exactly.
 */
const sameFields: Upcaster = (data) => data;

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
    description: `Cash was reserved for an open order. The amount is 0 for a stop order without a
      limit, which pays from the available cash when it is triggered.`.replace(/\s+/g, ' '),
    fields: {
      amount,
      currency,
      orderId,
      symbol: nullable(id('The instrument of the order; null in events of schema version 1.')),
    },
    upcasters: [(data) => ({ ...data, symbol: null })],
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
    upcasters: [sameFields],
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
    fields: {
      ...settlement,
      released: decimal('Cash that was reserved for the order and is released by this event.'),
    },
    upcasters: [sameFields],
  },
  SaleSettled: {
    description: 'Shares went for cash: the amount less the fee was received.',
    fields: {
      ...settlement,
      released: decimal('Shares that were reserved for the order and left with this event.'),
    },
    upcasters: [sameFields],
  },
  AccountFrozen: {
    description: 'Nothing may leave the account any more. Its open orders are canceled with it.',
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
} as const satisfies EventDefinitions;

export type AccountEvent = EventOf<typeof accountEvents>;
export type StoredAccountEvent = StoredEventOf<typeof accountEvents>;
