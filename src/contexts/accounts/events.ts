import type { EventOf, StoredEventOf } from '../../kernel/event-definition.ts';
import { decimal, id, nullable, text } from '../../kernel/field.ts';

const amount = decimal('How much, as it was given; finer than no minor unit of the currency.');
const currency = text('The ISO 4217 code of the account.');
const reference = nullable(text('What the client wrote to it.'));
const reason = nullable(text('Why.'));

/** All that can happen to a cash account. */
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
