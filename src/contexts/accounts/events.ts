import { accessEnum } from '../../access/account-access.ts';
import type {
  EventAudience,
  EventDefinitions,
  EventOf,
  StoredEventOf,
  Upcaster,
} from '../../kernel/event-definition.ts';
import { decimal, enumOf, id, named, nullable, personal, text } from '../../kernel/field.ts';
import type { SubjectOf } from '../../kernel/personal.ts';
import { multiply } from '../../lib/decimal.ts';
import { oneLine } from '../../lib/one-line.ts';

const amount = decimal(
  oneLine`The amount as given, in the account's currency. It is never finer than the currency's
  minor unit.`,
);
const reserved = decimal("The amount of cash, in the account's currency.");
const currency = text("The ISO 4217 code of the account's currency.");
/** The owner of the account whose stream has the event. */
const ofOwner: SubjectOf = ({ state }) => (state as { readonly owner: string }).owner;
const reference = personal(
  nullable(
    text(oneLine`The client's note, which is personal to the owner of the account. Null if none was
      given, or once the owner is forgotten.`),
  ),
  ofOwner,
);
const reason = nullable(text('The reason that the client gave. Null if it gave none.'));
const grantee = text('The actor whose access to the account was changed.');
const symbol = id('The symbol of the instrument.');
const shares = decimal('The number of shares.');
const orderId = id('The id of the order.');
const settlement = {
  tradeId: id('The id of the trade.'),
  orderId,
  symbol,
  quantity: shares,
  price: decimal("The price of one share, in the account's currency."),
  amount: decimal(
    "The cash paid or received for the shares, in the account's currency, without the fee.",
  ),
  fee: decimal("The fee that the account paid for the trade, in the account's currency."),
  currency,
};

/** The actors who may see the account. */
const viewers: EventAudience = { accounts: 'STREAM' };

/**
 * Schema version 2 has the fields of version 1. Since version 2, amounts and fees are rounded on
 * the totals of their order instead of trade by trade, and a position carries its exact cost.
 */
const sameFields: Upcaster = (data) => data;

/** In older events, which have the same fields, the reference is plain text. */
const withPlainReference: Upcaster = (data) => data;
const personalReference = { upcasters: [withPlainReference], personalSince: 2 } as const;

/** Until schema version 3, shares were deposited with the cost of one share. */
const withTotalCost: Upcaster = ({ costPrice, ...data }) => ({
  ...data,
  cost: multiply(String(costPrice), String(data['quantity'])),
});

/** The events of an account. */
export const accountEvents = {
  AccountOpened: {
    description: 'An empty account was opened.',
    audience: viewers,
    fields: { owner: text('The name of the owner.'), currency },
  },
  CashDeposited: {
    description: 'Cash was deposited into the account.',
    audience: viewers,
    fields: { amount, currency, reference },
    ...personalReference,
  },
  CashWithdrawn: {
    description: 'Cash was withdrawn from the account.',
    audience: viewers,
    fields: { amount, currency, reference },
    ...personalReference,
  },
  CashTransferredOut: {
    description: oneLine`Cash was transferred to another account. The next event in the log is the
      receiving account's CashTransferredIn.`,
    audience: viewers,
    fields: { amount, currency, toAccountId: id('The id of the receiving account.'), reference },
    ...personalReference,
  },
  CashTransferredIn: {
    description: oneLine`Cash was transferred from another account. The previous event in the log is
      the sending account's CashTransferredOut.`,
    audience: { accounts: 'STREAM', fields: { fromAccountId: 'fromAccountId' } },
    fields: { amount, currency, fromAccountId: id('The id of the sending account.'), reference },
    ...personalReference,
  },
  InterestCredited: {
    description: 'Interest was credited to the account.',
    audience: viewers,
    fields: { amount, currency, reference },
    ...personalReference,
  },
  CashHeld: {
    description: oneLine`Cash was reserved for an open order. The amount is 0 for a stop order to
      buy without a limit, which pays from the available cash when it is triggered.`,
    audience: viewers,
    fields: {
      amount: reserved,
      currency,
      orderId,
      symbol: named(
        'orderSymbol',
        nullable(id('The symbol of the instrument. Null in events of schema version 1.')),
      ),
    },
    upcasters: [(data) => ({ ...data, symbol: null })],
  },
  CashReleased: {
    description: 'Cash that was reserved for an order was released.',
    audience: viewers,
    fields: { amount: reserved, currency, orderId },
  },
  SharesDeposited: {
    description: 'Shares were deposited into the account.',
    audience: viewers,
    fields: {
      symbol,
      quantity: shares,
      cost: decimal("The cost of all the shares to the owner, in the account's currency."),
      currency: text('The ISO 4217 code of the currency of the cost.'),
      reference,
    },
    upcasters: [sameFields, withPlainReference, withTotalCost],
    personalSince: 3,
  },
  SharesHeld: {
    description: 'Shares were reserved for an open order.',
    audience: viewers,
    fields: { symbol, quantity: shares, orderId },
  },
  SharesReleased: {
    description: 'Shares that were reserved for an order were released.',
    audience: viewers,
    fields: { symbol, quantity: shares, orderId },
  },
  PurchaseSettled: {
    description:
      'A purchase was settled: the account received shares, and paid the amount and the fee.',
    audience: viewers,
    fields: {
      ...settlement,
      released: decimal(
        oneLine`The cash that was reserved for the order and is released by this event, in the
        account's currency.`,
      ),
    },
    upcasters: [sameFields],
  },
  SaleSettled: {
    description:
      'A sale was settled: the account delivered shares, and received the amount less the fee.',
    audience: viewers,
    fields: {
      ...settlement,
      released: decimal(
        oneLine`The number of shares that were reserved for the order and left the account with this
        event.`,
      ),
    },
    upcasters: [sameFields],
  },
  AccountFrozen: {
    description: oneLine`The account was frozen: cash and shares cannot leave it until it is
      unfrozen. Its open orders are canceled.`,
    audience: viewers,
    fields: { reason },
  },
  AccountUnfrozen: {
    description: 'The account was unfrozen: it is open again.',
    audience: viewers,
    fields: { reason },
  },
  AccessGranted: {
    description: oneLine`An actor was given access to the account. It replaces the access that the
      actor had before.`,
    audience: viewers,
    fields: { grantee, access: enumOf(accessEnum, 'What the actor may do with the account.') },
  },
  AccessRevoked: {
    description: 'The access of an actor to the account was revoked.',
    audience: viewers,
    fields: { grantee },
  },
  AccountClosed: {
    description: 'The account was closed permanently. It was empty.',
    audience: viewers,
    fields: {},
  },
} as const satisfies EventDefinitions;

export type AccountEvent = EventOf<typeof accountEvents>;
export type StoredAccountEvent = StoredEventOf<typeof accountEvents>;
