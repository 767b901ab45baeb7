import { mayView } from '../../access/account-access.ts';
import { hidden } from '../../access/command-rights.ts';
import type { CommandContext, Right } from '../../kernel/command.ts';
import { Rejection } from '../../kernel/rejection.ts';
import { hasRole } from '../../kernel/role.ts';
import { accountDecider } from '../accounts/account.ts';
import { assertMayAct, rightHolders } from '../accounts/rights.ts';
import { orderDecider } from './order.ts';
import { OrderNotFound } from './rejections.ts';

/** The right to a command for an open order: that to trade for its account. */
export const orderRight: Right<{ readonly orderId: string }> = {
  holders: rightHolders.TRADE,
  assert({ orderId }, context) {
    if (hasRole(context.caller, 'OPERATOR')) return;
    const { state: order } = context.load(orderDecider, orderId);
    if (order === null) throw noSuchOrder(orderId);
    if (!isVisible(context, order.accountId)) throw hidden(noSuchOrder(orderId));
    assertMayAct(context, 'TRADE', order.accountId);
  },
};

function isVisible(context: CommandContext, accountId: string): boolean {
  const { state } = context.load(accountDecider, accountId);
  return state !== null && mayView(state, context.caller);
}

/** The rejection of an order that does not exist, or that the caller may not see. */
export function noSuchOrder(orderId: string): Rejection {
  return new Rejection(OrderNotFound.code, `there is no order ${orderId}`, { orderId });
}
