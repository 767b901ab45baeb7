import type { DataOf, Fields } from '../../kernel/field.ts';
import { decimal, id, integer, text } from '../../kernel/field.ts';
import { Rejection, type RejectionDefinition } from '../../kernel/rejection.ts';

const orderId = id('The order.');
const symbol = id('The instrument.');

export const OrderNotFound = {
  name: 'OrderNotFoundError',
  code: 'ORDER_NOT_FOUND',
  description: 'There is no such order.',
  fields: { orderId },
} satisfies RejectionDefinition;

export const OrderAlreadyExists = {
  name: 'OrderAlreadyExistsError',
  code: 'ORDER_ALREADY_EXISTS',
  description: 'An order of this id was placed, or refused, before.',
  fields: { orderId },
} satisfies RejectionDefinition;

export const OrderNotOpen = {
  name: 'OrderNotOpenError',
  code: 'ORDER_NOT_OPEN',
  description: 'The order is finished: filled, canceled, replaced, expired or rejected.',
  fields: { orderId },
} satisfies RejectionDefinition;

export const InvalidQuantity = {
  name: 'InvalidQuantityError',
  code: 'INVALID_QUANTITY',
  description:
    `The quantity is not more than zero, not a whole number of the instrument's lots, or too large,
    or it makes a holding of more digits than a Decimal has.`.replace(/\s+/g, ' '),
  fields: {
    quantity: decimal('The quantity as given.'),
    lotSize: decimal('What it must be a multiple of.'),
  },
} satisfies RejectionDefinition;

export const OrderTooSmall = {
  name: 'OrderTooSmallError',
  code: 'ORDER_TOO_SMALL',
  description: 'The whole order comes to less than one minor unit of the currency.',
  fields: {
    quantity: decimal('The quantity of the order.'),
    price: decimal('The price at which it was reckoned: its limit, its stop, or the best price.'),
    smallestQuantity: decimal('The smallest quantity that an order can have at this price.'),
  },
} satisfies RejectionDefinition;

export const ClientOrderIdInUse = {
  name: 'ClientOrderIdInUseError',
  code: 'CLIENT_ORDER_ID_IN_USE',
  description: 'Another open order of the account has this client order id.',
  fields: { clientOrderId: text('The client order id as given.'), orderId: id('The open order.') },
} satisfies RejectionDefinition;

export const TooManyOpenOrders = {
  name: 'TooManyOpenOrdersError',
  code: 'TOO_MANY_OPEN_ORDERS',
  description:
    `The account has as many open orders in the instrument as it may have, those that wait for a
    price included.`.replace(/\s+/g, ' '),
  fields: {
    accountId: id('The account.'),
    symbol,
    openOrders: integer('How many open orders it has in the instrument.'),
    openOrdersMax: integer('How many it may have.'),
  },
} satisfies RejectionDefinition;

export const InsufficientShares = {
  name: 'InsufficientSharesError',
  code: 'INSUFFICIENT_SHARES',
  description: 'More shares were to be sold than the account has available.',
  fields: {
    accountId: id('The account.'),
    symbol,
    available: decimal('Shares that are not reserved.'),
    requested: decimal('Shares that the order needs.'),
  },
} satisfies RejectionDefinition;

export const InstrumentHalted = {
  name: 'InstrumentHaltedError',
  code: 'INSTRUMENT_HALTED',
  description: 'Trading in the instrument is halted: it takes no orders, only cancels.',
  fields: { symbol },
} satisfies RejectionDefinition;

export const PostOnlyWouldCross = {
  name: 'PostOnlyWouldCrossError',
  code: 'POST_ONLY_WOULD_CROSS',
  description: 'The order was only to rest in the book, but would trade at once.',
  fields: {
    limitPrice: decimal('Its limit.'),
    bestPrice: decimal('The best price of the other side.'),
  },
} satisfies RejectionDefinition;

/** A refusal by the market, with what it says; not thrown yet. */
export function toRejection<F extends Fields>(
  { code }: RejectionDefinition<F>,
  message: string,
  data: DataOf<F>,
): Rejection {
  // The fields of a definition hold text, integers and booleans only, which is JSON.
  return new Rejection(code, message, data as never);
}
