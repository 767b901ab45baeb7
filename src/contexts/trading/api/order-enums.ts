import type { ApiParts } from '../../../api/api-parts.ts';
import { enumTypeOf } from '../../../api/field-types.ts';
import { sideEnum } from '../../market/side.ts';
import { orderTypeEnum, timeInForceEnum } from '../order-terms.ts';

export type OrderEnums = ReturnType<typeof addOrderEnums>;

/** Adds the enums of orders. */
export function addOrderEnums({ builder }: ApiParts) {
  return {
    side: enumTypeOf(builder, sideEnum),
    type: enumTypeOf(builder, orderTypeEnum),
    timeInForce: enumTypeOf(builder, timeInForceEnum),
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
