import type { ProcessManager, TimerChange } from '../../kernel/process-manager.ts';
import { isZero } from '../../lib/decimal.ts';
import { type ExpireOrder, expireOrder } from './commands/cancel-order.ts';
import type { OrderEvent } from './order.ts';

/** The process manager that expires orders on time, even if no command touches them. */
export const orderExpiry: ProcessManager<ExpireOrder> = {
  name: 'order-expiry',
  version: 1,
  description: 'Expires each order that is still open at its expiry time.',
  types: [
    'OrderBooked',
    'OrderHeld',
    'OrderTriggered',
    'OrderCanceled',
    'OrderExpired',
    'OrderReplaced',
    'TradeExecuted',
  ],
  plan: (event) => changesOf(event as OrderEvent),
  due: ({ key, dueAt }) => ({ definition: expireOrder, input: { orderId: key, dueAt } }),
};

function changesOf({ type, data }: OrderEvent): readonly TimerChange[] {
  switch (type) {
    case 'OrderBooked':
    case 'OrderHeld':
      return data.expiresAt === null ? [] : [{ key: data.orderId, dueAt: data.expiresAt }];
    case 'OrderTriggered':
    // If the triggered order rests afterwards, OrderBooked sets the timer again.
    case 'OrderCanceled':
    case 'OrderExpired':
    case 'OrderReplaced':
      return [clear(data.orderId)];
    case 'TradeExecuted':
      return [
        ...(isZero(data.buyLeavesQuantity) ? [clear(data.buyOrderId)] : []),
        ...(isZero(data.sellLeavesQuantity) ? [clear(data.sellOrderId)] : []),
      ];
    default:
      return [];
  }
}

function clear(orderId: string): TimerChange {
  return { key: orderId, dueAt: null };
}
