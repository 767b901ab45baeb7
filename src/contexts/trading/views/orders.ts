import { createHash } from 'node:crypto';
import type { StoredEvent } from '../../../kernel/event.ts';
import type { View } from '../../../kernel/view.ts';
import { evolveOrder, type Order, type OrderEvent } from '../order.ts';

const filters = {
  accountId: (order: Order): string => order.accountId,
  symbol: (order: Order): string => order.symbol,
  status: (order: Order): string => order.status,
};

/** All orders, by id. */
export const ordersView: View<Order> = {
  name: 'orders',
  version: 3,
  description: 'Orders: what the client requested, and their current status.',
  types: [
    'OrderPlaced',
    'OrderRejected',
    'OrderTriggered',
    'TradeExecuted',
    'OrderCanceled',
    'OrderExpired',
    'OrderReplaced',
  ],
  keysOf: orderIdsOf,
  begins: ({ type }) => type === 'OrderPlaced' || type === 'OrderRejected',
  evolve: (order, event, key) => evolveOrder(order ?? null, event as OrderEvent, key) ?? undefined,
  lists: {
    PLACED_AT: { position: (order) => order.placedAt, filters },
    CLIENT_ORDER_ID: {
      position: ({ clientOrderId, placedAt }) =>
        clientOrderId === null ? null : `${toClientOrderPrefix(clientOrderId)}${placedAt}`,
      filters,
    },
  },
};

/**
 * Returns the prefix of the positions in the list CLIENT_ORDER_ID for an id. The orders of one id
 * are next to each other, in the order in which they were placed.
 */
export function toClientOrderPrefix(clientOrderId: string): string {
  const quoted = JSON.stringify(clientOrderId);
  if (quoted.length <= quotedLengthMax) return `${quoted} `;
  return `${createHash('sha256').update(quoted).digest('base64')} `;
}

/** Positions are cut at 200 characters. */
const quotedLengthMax = 150;

/** Returns the ids of the orders that an event concerns. */
export function orderIdsOf(event: StoredEvent): readonly string[] {
  const known = event as OrderEvent;
  switch (known.type) {
    case 'TradeExecuted':
      return [known.data.buyOrderId, known.data.sellOrderId];
    case 'BookOpened':
    case 'ReferencePriceSet':
    case 'StopsReached':
    case 'StopsReachedByPrice':
    case 'PriceQueued':
    case 'CancelsQueued':
    case 'MatchingPaused':
    case 'MatchingFinished':
      return [];
    default:
      return [known.data.orderId];
  }
}
