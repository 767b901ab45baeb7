import type { DataOf, Fields } from '../../kernel/field.ts';
import { decimal, id, integer, text } from '../../kernel/field.ts';
import { Rejection, type RejectionDefinition } from '../../kernel/rejection.ts';
import { oneLine } from '../../lib/one-line.ts';

const orderId = id('The id of the order.');
const symbol = id('The symbol of the instrument.');

export const OrderNotFound = {
  name: 'OrderNotFoundError',
  code: 'ORDER_NOT_FOUND',
  description: 'No order has this id. Check the id.',
  fields: { orderId },
} satisfies RejectionDefinition;

export const OrderAlreadyExists = {
  name: 'OrderAlreadyExistsError',
  code: 'ORDER_ALREADY_EXISTS',
  description: 'An order with this id was placed or rejected before. Use another id, or omit it.',
  fields: { orderId },
} satisfies RejectionDefinition;

export const OrderNotOpen = {
  name: 'OrderNotOpenError',
  code: 'ORDER_NOT_OPEN',
  description: oneLine`The order is no longer open: it was filled, canceled, replaced, expired or
    rejected. It cannot change any more.`,
  fields: { orderId },
} satisfies RejectionDefinition;

export const InvalidQuantity = {
  name: 'InvalidQuantityError',
  code: 'INVALID_QUANTITY',
  description: oneLine`The quantity is not greater than zero, is not a multiple of the lot size, is
    too large, or would give the holding more digits than a Decimal allows. Correct the quantity and
    send a new command.`,
  fields: {
    quantity: decimal('The number of shares as given.'),
    lotSize: decimal('The lot size, in shares. The quantity must be a multiple of it.'),
  },
} satisfies RejectionDefinition;

export const OrderTooSmall = {
  name: 'OrderTooSmallError',
  code: 'ORDER_TOO_SMALL',
  description: oneLine`The value of the whole order is less than one minor unit of the currency.
    Order at least smallestQuantity.`,
  fields: {
    quantity: decimal('The number of shares of the order.'),
    price: decimal(
      oneLine`The price at which the order was valued, in the instrument's currency: its limit
      price, or else its stop price, or else the best price of the other side of the book.`,
    ),
    smallestQuantity: decimal('The smallest number of shares that is accepted at this price.'),
  },
} satisfies RejectionDefinition;

export const ClientOrderIdInUse = {
  name: 'ClientOrderIdInUseError',
  code: 'CLIENT_ORDER_ID_IN_USE',
  description: 'Another open order of the account has this client order id. Use another id.',
  fields: {
    clientOrderId: text('The client order id as given.'),
    orderId: id('The id of the open order that has this client order id.'),
  },
} satisfies RejectionDefinition;

export const TooManyOpenOrders = {
  name: 'TooManyOpenOrdersError',
  code: 'TOO_MANY_OPEN_ORDERS',
  description: oneLine`The account has reached the maximum number of open orders in the instrument.
    Stop orders that wait for their trigger price count. Cancel an order before placing another
    one.`,
  fields: {
    accountId: id('The id of the account.'),
    symbol,
    openOrders: integer('The number of open orders of the account in the instrument.'),
    openOrdersMax: integer('The maximum number of open orders.'),
  },
} satisfies RejectionDefinition;

export const InsufficientShares = {
  name: 'InsufficientSharesError',
  code: 'INSUFFICIENT_SHARES',
  description: 'The order needs more shares than the account has available. Sell fewer shares.',
  fields: {
    accountId: id('The id of the account.'),
    symbol,
    available: decimal('The number of shares that are not reserved.'),
    requested: decimal('The number of shares that the order needs.'),
  },
} satisfies RejectionDefinition;

export const InstrumentHalted = {
  name: 'InstrumentHaltedError',
  code: 'INSTRUMENT_HALTED',
  description: oneLine`Trading in the instrument is halted. Orders can be canceled, but no order is
    accepted until trading resumes.`,
  fields: { symbol },
} satisfies RejectionDefinition;

export const PostOnlyWouldCross = {
  name: 'PostOnlyWouldCrossError',
  code: 'POST_ONLY_WOULD_CROSS',
  description: oneLine`The order is post-only but would trade immediately. Use a limit price that
    does not reach bestPrice.`,
  fields: {
    limitPrice: decimal("The limit price of the order, in the instrument's currency."),
    bestPrice: decimal(
      "The best price of the other side of the book, in the instrument's currency.",
    ),
  },
} satisfies RejectionDefinition;

/** A rejection as a value, for a caller that records it before it is thrown. */
export function toRejection<F extends Fields>(
  { code }: RejectionDefinition<F>,
  message: string,
  data: DataOf<F>,
): Rejection {
  // The fields of a definition hold text, integers and booleans only, which is JSON.
  return new Rejection(code, message, data as never);
}
