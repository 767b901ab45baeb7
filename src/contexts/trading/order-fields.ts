import {
  boolean,
  dateTime,
  decimal,
  enumOf,
  id,
  named,
  nullable,
  text,
} from '../../kernel/field.ts';
import { oneLine } from '../../lib/one-line.ts';
import { sideEnum } from '../market/side.ts';
import { orderTypeEnum, timeInForceEnum } from './order-terms.ts';

export const orderId = id('The id of the order.');
export const accountId = id("The id of the order's account.");
export const symbol = id('The symbol of the instrument.');
const side = enumOf(sideEnum, 'The side of the order.');
export const timeInForce = enumOf(timeInForceEnum, 'The time for which the order is in force.');
export const filledQuantity = decimal('The number of shares traded so far (FIX CumQty).');
export const filledValue = decimal(
  oneLine`The exact value (price times quantity) of the shares traded so far, in the instrument's
  currency.`,
);
const leavesQuantity = decimal('The number of shares still open for trading (FIX LeavesQty).');
export const held = decimal(
  oneLine`The cash that is reserved for the order, in the instrument's currency. It is 0 for an
  order to sell, which reserves shares.`,
);
export const expiresAt = nullable(
  dateTime('The time at which the order expires. Null if it does not expire.'),
);
export const limitPrice = nullable(
  decimal(
    oneLine`The worst price at which the order may trade, in the instrument's currency. Null if it
    may trade at any price.`,
  ),
);
export const settledValue = decimal(
  oneLine`The part of filledValue whose cash was rounded on the running totals of the order, in the
  instrument's currency.`,
);
export const accruedFee = decimal(
  "The fees on settledValue before rounding, in the instrument's currency.",
);

/** What a client requested. */
export const instruction = {
  orderId,
  clientOrderId: nullable(text("The client's own id for the order. Null if the order has none.")),
  accountId,
  symbol,
  side,
  orderType: enumOf(orderTypeEnum, 'The type of the order.'),
  timeInForce,
  quantity: decimal('The total number of shares, including those already traded (FIX OrderQty).'),
  limitPrice,
  stopPrice: nullable(
    decimal(
      oneLine`The price that triggers the order, in the instrument's currency. Null for MARKET and
      LIMIT orders.`,
    ),
  ),
  expiresAt,
  postOnly: boolean('Whether the order is rejected if it would trade immediately.'),
  replaces: named(
    'replacesOrderId',
    nullable(id('The id of the order that this order replaces. Null if there is none.')),
  ),
};

/** The state of an order after an event. */
export const progress = {
  orderId,
  accountId,
  symbol,
  side,
  filledQuantity,
  filledValue,
  leavesQuantity,
};

/** The state of an order when it leaves the market; `leavesQuantity` is what left with it. */
export const final = {
  ...progress,
  leavesQuantity: decimal('The number of shares that were open when the order left the market.'),
  price: nullable(
    decimal(
      oneLine`The limit price at which the order rested, in the instrument's currency. Null if it
      did not rest.`,
    ),
  ),
};
