import type { StoredEvent } from '../../kernel/event.ts';
import type { View } from '../../kernel/view.ts';
import { evolveOrder, type Order, type OrderEvent } from './order.ts';

const filters = {
  accountId: (order: Order): string => order.accountId,
  symbol: (order: Order): string => order.symbol,
  status: (order: Order): string => order.status,
};

/** Every order by its id. */
export const ordersView: View<Order> = {
  name: 'orders',
  version: 1,
  description: 'Orders: what was wished, and what has become of it.',
  types: [
    ...['OrderPlaced', 'OrderRejected', 'OrderTriggered', 'TradeExecuted'],
    ...['OrderCanceled', 'OrderExpired', 'OrderReplaced'],
  ],
  keysOf: orderIdsOf,
  begins: ({ type }) => type === 'OrderPlaced' || type === 'OrderRejected',
  evolve: (order, event, key) => evolveOrder(order ?? null, event as OrderEvent, key) ?? undefined,
  lists: { PLACED_AT: { position: (order) => order.placedAt, filters } },
};

/** The orders that an event is about. */
export function orderIdsOf(event: StoredEvent): readonly string[] {
  const known = event as OrderEvent;
  switch (known.type) {
    case 'TradeExecuted':
      return [known.data.buyOrderId, known.data.sellOrderId];
    case 'BookOpened':
    case 'ReferencePriceSet':
      return [];
    default:
      return [known.data.orderId];
  }
}
