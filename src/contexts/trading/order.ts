import type { Decider } from '../../kernel/decider.ts';
import { throwUpgradeNeeded } from '../../kernel/upgrade-needed.ts';
import { difference, divide, isZero } from '../../lib/decimal.ts';
import { uuidFault } from '../../lib/uuid.ts';
import type { TradeExecuted } from '../market/events.ts';
import type { Side } from '../market/side.ts';
import type { StoredTrading, StoredTradingEvent, TradingEvent } from './events.ts';
import type { OrderType, TimeInForce } from './order-terms.ts';

export type OrderStatus =
  | 'HELD'
  | 'NEW'
  | 'PARTIALLY_FILLED'
  | 'FILLED'
  | 'CANCELED'
  | 'REPLACED'
  | 'EXPIRED'
  | 'REJECTED';

/** The state of an order. Its status and totals follow FIX (OrdStatus, CumQty, LeavesQty). */
export type Order = {
  readonly id: string;
  readonly clientOrderId: string | null;
  readonly accountId: string;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly quantity: string;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
  readonly expiresAt: string | null;
  readonly postOnly: boolean;
  readonly filledQuantity: string;
  readonly filledValue: string;
  readonly leavesQuantity: string;
  readonly status: OrderStatus;
  readonly reason: string | null;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly placedAt: string;
  readonly updatedAt: string;
  readonly sequence: number;
};

export type OrderEvent = StoredTradingEvent | TradeExecuted;

/** The stream of one order: its placing or rejection. Later events are in the book's stream. */
export const orderDecider: Decider<Order | null, TradingEvent> = {
  category: 'order',
  idFault: uuidFault,
  version: 1,
  initial: null,
  evolve(order, event) {
    // The stream has no other types. `evolveOrder` also accepts the events of books.
    if (event.type !== 'OrderPlaced' && event.type !== 'OrderRejected')
      return throwUpgradeNeeded(event);
    return evolveOrder(order, event as StoredTradingEvent);
  },
};

/**
 * The order with the given id after one more event. The first event must be OrderPlaced or
 * OrderRejected; otherwise it throws. A trade needs the id, as it is about two orders.
 */
export function evolveOrder(
  order: Order | null,
  event: OrderEvent,
  id = order?.id ?? '',
): Order | null {
  if (event.type === 'OrderPlaced' || event.type === 'OrderRejected') return toOrder(event);
  if (order === null) throw new Error(`${event.type} is about an order that was never placed`);
  const changes = changesOf(order, event, id);
  if (changes === null) return order;
  return { ...order, ...changes, updatedAt: event.recordedAt, sequence: event.sequence };
}

/** The average price of the shares traded, rounded half-up to 8 decimals; null before any trade. */
export function averagePriceOf({ filledQuantity, filledValue }: Order): string | null {
  return isZero(filledQuantity) ? null : divide(filledValue, filledQuantity, 8);
}

function toOrder(event: StoredTrading<'OrderPlaced'> | StoredTrading<'OrderRejected'>): Order {
  const { data } = event;
  const { filledQuantity, filledValue, leavesQuantity, status, reason } =
    event.type === 'OrderRejected' ? rejected(event) : placed(event);
  return {
    id: data.orderId,
    clientOrderId: data.clientOrderId,
    accountId: data.accountId,
    symbol: data.symbol,
    // Only checked values are ever recorded.
    side: data.side,
    type: data.orderType,
    timeInForce: data.timeInForce,
    quantity: data.quantity,
    limitPrice: data.limitPrice,
    stopPrice: data.stopPrice,
    expiresAt: data.expiresAt,
    postOnly: data.postOnly,
    filledQuantity,
    filledValue,
    leavesQuantity,
    status,
    reason,
    replaces: data.replaces,
    replacedBy: null,
    placedAt: event.occurredAt,
    updatedAt: event.recordedAt,
    sequence: event.sequence,
  };
}

type Outcome = Pick<
  Order,
  'filledQuantity' | 'filledValue' | 'leavesQuantity' | 'status' | 'reason'
>;

function rejected({ data: { reason } }: StoredTrading<'OrderRejected'>): Outcome {
  const nothing = { filledQuantity: '0', filledValue: '0', leavesQuantity: '0' };
  return { status: 'REJECTED', reason, ...nothing };
}

function placed({ data }: StoredTrading<'OrderPlaced'>): Outcome {
  const { quantity, filledQuantity, filledValue, orderType } = data;
  const leavesQuantity = difference(quantity, filledQuantity);
  if (isZero(leavesQuantity)) {
    return { filledQuantity, filledValue, leavesQuantity: '0', status: 'FILLED', reason: null };
  }
  const isStop = orderType === 'STOP' || orderType === 'STOP_LIMIT';
  const status = isStop ? 'HELD' : statusOf(filledQuantity);
  return { filledQuantity, filledValue, leavesQuantity, status, reason: null };
}

function changesOf(order: Order, event: OrderEvent, id: string): Partial<Order> | null {
  switch (event.type) {
    case 'TradeExecuted':
      return event.data.buyOrderId === id ? bought(event) : sold(event);
    case 'OrderTriggered':
      return { status: statusOf(order.filledQuantity) };
    case 'OrderCanceled':
      return { ...finished(event), status: 'CANCELED', reason: event.data.reason };
    case 'OrderExpired':
      return { ...finished(event), status: 'EXPIRED' };
    case 'OrderReplaced':
      return { ...finished(event), status: 'REPLACED', replacedBy: event.data.newOrderId };
    default:
      return null;
  }
}

function bought({ data }: TradeExecuted): Partial<Order> {
  return traded(data.buyFilledQuantity, data.buyFilledValue, data.buyLeavesQuantity);
}

function sold({ data }: TradeExecuted): Partial<Order> {
  return traded(data.sellFilledQuantity, data.sellFilledValue, data.sellLeavesQuantity);
}

function traded(filledQuantity: string, filledValue: string, leavesQuantity: string) {
  return isZero(leavesQuantity)
    ? ({ filledQuantity, filledValue, leavesQuantity: '0', status: 'FILLED' } as const)
    : ({ filledQuantity, filledValue, leavesQuantity, status: 'PARTIALLY_FILLED' } as const);
}

function finished({
  data,
}: StoredTrading<'OrderCanceled' | 'OrderExpired' | 'OrderReplaced'>): Partial<Order> {
  const { filledQuantity, filledValue } = data;
  return { filledQuantity, filledValue, leavesQuantity: '0' };
}

function statusOf(filledQuantity: string): 'NEW' | 'PARTIALLY_FILLED' {
  return isZero(filledQuantity) ? 'NEW' : 'PARTIALLY_FILLED';
}
