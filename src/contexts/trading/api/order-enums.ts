import type { ApiParts } from '../../../api/api-parts.ts';
import { oneLine } from '../../../lib/one-line.ts';

export type OrderEnums = ReturnType<typeof addOrderEnums>;

/** Adds the enums of orders. */
export function addOrderEnums({ builder }: ApiParts) {
  return {
    side: builder.enumType('Side', {
      description: 'The side of an order.',
      values: {
        BUY: { description: 'The order buys shares for cash.' },
        SELL: { description: 'The order sells shares for cash.' },
      },
    }),
    type: builder.enumType('OrderType', {
      description: 'The type of an order.',
      values: {
        MARKET: { description: 'The order trades immediately at any price and never rests.' },
        LIMIT: { description: 'The order trades at its limit price or a better one.' },
        STOP: {
          description: oneLine`The order waits until the last price reaches its stop price. It then
            enters the market as a MARKET order.`,
        },
        STOP_LIMIT: {
          description: oneLine`The order waits until the last price reaches its stop price. It then
            enters the market as a LIMIT order.`,
        },
      },
    }),
    timeInForce: builder.enumType('TimeInForce', {
      description: 'The time for which an order is in force.',
      values: {
        DAY: { description: 'The order expires at the end of the UTC day on which it was placed.' },
        GTC: { description: 'The order is open until it is filled or canceled.' },
        IOC: { description: 'The order trades immediately, and its remainder is canceled.' },
        FOK: { description: 'The order trades immediately and in full, or is canceled.' },
        GTD: { description: 'The order expires at its `expiresAt`.' },
      },
    }),
    status: addStatus(builder),
  };
}

function addStatus(builder: ApiParts['builder']) {
  return builder.enumType('OrderStatus', {
    description: 'The status of an order (FIX OrdStatus). HELD, NEW and PARTIALLY_FILLED are open.',
    values: {
      HELD: { description: 'The stop order waits for its trigger price.' },
      NEW: { description: 'The order is open and has not traded.' },
      PARTIALLY_FILLED: { description: 'The order is open and has traded in part.' },
      FILLED: { description: 'The order has traded in full.' },
      CANCELED: {
        description: 'The remainder of the order was canceled by the client or by the market.',
      },
      REPLACED: { description: 'The order was replaced by another order.' },
      EXPIRED: { description: 'The remainder of the order expired.' },
      REJECTED: { description: 'The order was rejected and has never been open.' },
    },
  });
}
