import type { CommandContext, CommandDefinition } from '../../../kernel/command.ts';
import { Rejection, reject } from '../../../kernel/rejection.ts';
import { findOrder } from '../matching/book.ts';
import type { OpenOrder } from '../matching/book-order.ts';
import { openSettledSession } from '../matching/matching-process.ts';
import { cancelOpen, expireIfDue } from '../matching/open-orders.ts';
import type { MarketSession } from '../matching/session.ts';
import { type Order, orderDecider } from '../order.ts';
import { OrderNotFound, OrderNotOpen, toRejection } from '../rejections.ts';

export interface CancelOrder {
  readonly orderId: string;
  readonly reason: string | null;
}

const target = ({ orderId }: { readonly orderId: string }) => ({
  decider: orderDecider,
  id: orderId,
});

export const cancelOrder: CommandDefinition<CancelOrder> = {
  name: 'cancelOrder',
  description: 'Takes what is left of an open order out of the market.',
  rejections: [OrderNotFound, OrderNotOpen],
  target,
  handle({ orderId, reason }, context) {
    const { market, open } = loadOpen(context, orderId);
    cancelOpen(market, open, reason);
  },
};

export type ExpireOrder = {
  readonly orderId: string;
  /** A time that has come by the clock of the log, whatever that of the processor says. */
  readonly dueAt?: string;
};

/** Not a mutation: the process manager of expiring orders sends it when an order's time is over. */
export const expireOrder: CommandDefinition<ExpireOrder> = {
  name: 'expireOrder',
  description: 'Ends an order whose time is over; any other order stays as it is.',
  rejections: [OrderNotFound],
  target,
  handle({ orderId, dueAt = '' }, context) {
    const market = openSettledSession(context, loadOrder(context, orderId).symbol);
    const now = dueAt > market.now ? dueAt : market.now;
    expireIfDue({ ...market, now }, orderId);
  },
};

/** As it was placed; rejects when there is no such order. */
export function loadOrder(context: CommandContext, orderId: string): Order {
  const { state } = context.load(orderDecider, orderId);
  return state ?? reject(OrderNotFound, `there is no order ${orderId}`, { orderId });
}

export interface LoadedOrder {
  readonly market: MarketSession;
  readonly placed: Order;
  readonly open: OpenOrder;
}

/** An open order and its market; rejects when it is finished, which it is when its time is over. */
export function loadOpen(context: CommandContext, orderId: string): LoadedOrder {
  const placed = loadOrder(context, orderId);
  const market = openSettledSession(context, placed.symbol);
  expireIfDue(market, orderId);
  const open = findOrder(market.book(), orderId);
  if (open === null) {
    const { code, message, data } = toRejection(OrderNotOpen, `order ${orderId} is finished`, {
      orderId,
    });
    // That it has expired, if it just has, is kept.
    throw new Rejection(code, message, data, true);
  }
  return { market, placed, open };
}
