import type { ProcessManager, TimerChange } from '../../kernel/process-manager.ts';
import { isZero } from '../../lib/decimal.ts';
import { type ExpireOrder, expireOrder } from './commands/cancel-order.ts';
import type { OrderEvent } from './order.ts';

/** Ends orders when their time is over, whether or not anybody looks for them then. */
export const orderExpiry: ProcessManager<ExpireOrder> = {
  name: 'order-expiry',
  version: 1,
  description: 'Ends each order that is still open when its time is over.',
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
    // What is left of it after its trades is booked, with the same time.
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
