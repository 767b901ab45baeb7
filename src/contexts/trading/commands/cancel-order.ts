import { serverRight } from '../../../access/command-rights.ts';
import type { CommandContext, CommandDefinition } from '../../../kernel/command.ts';
import { Rejection } from '../../../kernel/rejection.ts';
import { findOrder } from '../matching/book.ts';
import type { OpenOrder } from '../matching/book-order.ts';
import { openSettledSession } from '../matching/matching-process.ts';
import { cancelOpen, expireIfDue } from '../matching/open-orders.ts';
import type { MarketSession } from '../matching/session.ts';
import { type Order, orderDecider } from '../order.ts';
import { OrderNotFound, OrderNotOpen, toRejection } from '../rejections.ts';
import { noSuchOrder, orderRight } from '../rights.ts';

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
  description: 'Cancels the remainder of an open order.',
  right: orderRight,
  rejections: [OrderNotFound, OrderNotOpen],
  target,
  handle({ orderId, reason }, context) {
    const { market, open } = loadOpen(context, orderId);
    cancelOpen(market, open, reason);
  },
};

export type ExpireOrder = {
  readonly orderId: string;
  /** A time that the clock of the log has passed, even if the processor's clock is behind. */
  readonly dueAt?: string;
};

/** Not a mutation: the process manager `order-expiry` sends it at an order's expiry time. */
export const expireOrder: CommandDefinition<ExpireOrder> = {
  name: 'expireOrder',
  description: 'Expires an open order that is due. Does nothing to any other order.',
  right: serverRight,
  rejections: [OrderNotFound],
  target,
  handle({ orderId, dueAt = '' }, context) {
    const market = openSettledSession(context, loadOrder(context, orderId).symbol);
    const now = dueAt > market.now ? dueAt : market.now;
    expireIfDue({ ...market, now }, orderId);
  },
};

/** The order as it was placed; rejects if there is no such order. */
function loadOrder(context: CommandContext, orderId: string): Order {
  const { state } = context.load(orderDecider, orderId);
  if (state === null) throw noSuchOrder(orderId);
  return state;
}

export interface LoadedOrder {
  readonly market: MarketSession;
  readonly placed: Order;
  readonly open: OpenOrder;
}

/** An open order and its market. Expires the order if it is due, and rejects if it is not open. */
export function loadOpen(context: CommandContext, orderId: string): LoadedOrder {
  const placed = loadOrder(context, orderId);
  const market = openSettledSession(context, placed.symbol);
  expireIfDue(market, orderId);
  const open = findOrder(market.book(), orderId);
  if (open === null) {
    const { code, message, data } = toRejection(OrderNotOpen, `order ${orderId} is not open`, {
      orderId,
    });
    // If the order has just expired, that is recorded despite the rejection.
    throw new Rejection(code, message, data, true);
  }
  return { market, placed, open };
}
