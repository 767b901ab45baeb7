import type { CommandDefinition } from '../../../kernel/command.ts';
import { reject } from '../../../kernel/rejection.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { InvalidPrice } from '../../market/commands.ts';
import { recordAssigned } from '../client-orders.ts';
import { acceptOrder, type CheckedOrder, parkStop, rejectionOf } from '../matching/accept-order.ts';
import { isStop } from '../matching/book-order.ts';
import { noTotals, totalsOf } from '../matching/charge.ts';
import { bookRemainder } from '../matching/execute-order.ts';
import { releaseOpen, toFinal } from '../matching/open-orders.ts';
import { fromMoney, toFilledValue, toPrice, toQuantity } from '../matching/units.ts';
import { orderDecider } from '../order.ts';
import { OrderNotFound, OrderNotOpen } from '../rejections.ts';
import { orderRight } from '../rights.ts';
import { type LoadedOrder, loadOpen } from './cancel-order.ts';
import { lotsOf, newOrderId, orderRejections, recordPlaced, ticksOf } from './place-order.ts';

export interface ReplaceOrder {
  readonly orderId: string;
  /** If null, a new UUID is generated. */
  readonly newOrderId: string | null;
  /** If null, here and below, that of the replaced order is kept. */
  readonly quantity: string | null;
  readonly limitPrice: string | null;
  readonly stopPrice: string | null;
}

export const replaceOrder: CommandDefinition<ReplaceOrder> = {
  name: 'replaceOrder',
  description: oneLine`Replaces an open order with a new one. The new quantity is the total for
    both orders, including the shares already traded. The new order keeps the time priority only if
    the price is the same and the open quantity does not grow.`,
  right: orderRight,
  rejections: [OrderNotFound, OrderNotOpen, ...orderRejections],
  target: ({ orderId }) => ({ decider: orderDecider, id: orderId }),
  handle(input, context) {
    const loaded = loadOpen(context, input.orderId);
    const { market, open } = loaded;
    const id = newOrderId(context, input.newOrderId);
    const order = toReplacement(loaded, input, id);
    const reserved = {
      cash: fromMoney(open.held, market.units),
      lots: open.side === 'SELL' ? open.leaves : 0,
    };
    const rejection = order.leaves > 0 ? rejectionOf(market, order, reserved) : null;
    if (rejection !== null) throw rejection;
    recordReplaced(loaded, order);
    const keepsPriority = isSamePrice(loaded, order) && order.leaves <= open.leaves;
    if (keepsPriority && order.leaves > 0) {
      const [held, heldLots] = [reserved.cash, reserved.lots];
      keepPriority(loaded, { ...order, held, heldLots });
    } else {
      releaseOpen(market, open);
      if (order.leaves > 0) acceptOrder(market, order);
    }
    const { accountId, clientOrderId } = loaded.placed;
    if (clientOrderId !== null) recordAssigned(market, id, { accountId, clientOrderId });
  },
};

/** The new order. It has no open lots if its quantity is not more than what has been traded. */
function toReplacement(loaded: LoadedOrder, input: ReplaceOrder, id: string): CheckedOrder {
  const { market, placed, open } = loaded;
  const { accountId, side, filled, value } = open;
  const limit = isStop(open) ? open.limit : open.price;
  const stop = isStop(open) ? open.stop : null;
  assertHas(limit, input.limitPrice, 'limit');
  assertHas(stop, input.stopPrice, 'stop');
  const lots = lotsOf(market, input.quantity ?? placed.quantity);
  const { settled, accrued } = isStop(open) ? noTotals : totalsOf(open, market.units);
  return {
    id,
    accountId,
    side,
    filled,
    value,
    expiresAt: open.expiresAt,
    // A stop order that rests in the book has been triggered: it is a LIMIT order now.
    type: isStop(open) ? open.type : 'LIMIT',
    timeInForce: placed.timeInForce,
    postOnly: placed.postOnly,
    limit: ticksOf(market, input.limitPrice) ?? limit,
    stop: ticksOf(market, input.stopPrice) ?? stop,
    leaves: Math.max(0, lots - filled),
    held: 0n,
    heldLots: 0,
    isReserved: false,
    settled,
    accrued,
  };
}

function assertHas(price: number | null, given: string | null, name: string): void {
  if (price !== null || given === null) return;
  reject(InvalidPrice, `the order has no ${name} price to replace`, { price: given });
}

function recordReplaced({ market, placed, open }: LoadedOrder, order: CheckedOrder): void {
  const { units } = market;
  market.recordInBook({
    type: 'OrderReplaced',
    data: { newOrderId: order.id, ...toFinal(market, open) },
  });
  const { type, timeInForce, expiresAt, postOnly, accountId, side, filled, value } = order;
  const { clientOrderId, symbol } = placed;
  recordPlaced(
    market,
    {
      orderId: order.id,
      clientOrderId,
      accountId,
      symbol,
      side,
      type,
      timeInForce,
      quantity: toQuantity(filled + order.leaves, units),
      limitPrice: order.limit === null ? null : toPrice(order.limit, units),
      stopPrice: order.stop === null ? null : toPrice(order.stop, units),
      expiresAt,
      postOnly,
      replaces: open.id,
    },
    { filledQuantity: toQuantity(filled, units), filledValue: toFilledValue(value, units) },
  );
}

function isSamePrice({ open }: LoadedOrder, { limit, stop }: CheckedOrder): boolean {
  return isStop(open)
    ? open.limit === limit && open.stop === stop
    : open.price === limit && stop === null;
}

/** Books the new order with the time priority of the old one. */
function keepPriority({ market, open }: LoadedOrder, order: CheckedOrder): void {
  const { priority } = open;
  if (order.stop === null) bookRemainder(market, order, priority);
  else parkStop(market, order, { stop: order.stop, priority });
}
