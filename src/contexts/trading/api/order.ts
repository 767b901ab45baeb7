import type { ObjectRef } from '@pothos/core';
import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiTypes } from '../../../api/builder.ts';
import { idAt } from '../../../api/node-id.ts';
import { oncePerSchema } from '../../../api/once.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { shownSequence } from '../../../views/read-point.ts';
import { accountTypes, readAccount } from '../../accounts/api/account.ts';
import { findInstrument, instrumentTypes } from '../../market/api/instrument.ts';
import { averagePriceOf } from '../order.ts';
import { addOrderEnums, type OrderEnums } from './order-enums.ts';
import {
  fillsMax,
  missing,
  type OrderAt,
  orderOf,
  readFills,
  type TradeAt,
  toTradeAt,
} from './read.ts';
import { implementTrade } from './trade.ts';

/** Adds the types Order and Trade, and the enums of orders. */
export const orderTypes = oncePerSchema(addOrderTypes);

interface Refs extends OrderEnums {
  readonly order: ObjectRef<ApiTypes, OrderAt>;
  readonly trade: ObjectRef<ApiTypes, TradeAt>;
}

function addOrderTypes(parts: ApiParts): Refs {
  const enums = addOrderEnums(parts);
  const order = parts.builder.objectRef<OrderAt>('Order');
  const trade = parts.builder.objectRef<TradeAt>('Trade');
  const refs = { ...enums, order, trade };
  implementOrder(parts, refs);
  implementTrade(parts, refs);
  return refs;
}

function implementOrder(parts: ApiParts, refs: Refs): void {
  addOrder(parts, refs);
  addInstruction(parts, refs);
  addProgress(parts, refs);
  addRelated(parts, refs);
}

function addOrder(parts: ApiParts, refs: Refs): void {
  const { builder, nodes } = parts;
  const { account } = accountTypes(parts);
  const { instrument } = instrumentTypes(parts);
  builder.objectType(refs.order, {
    description: 'An order. Its status and totals follow FIX.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({
        description: nodes.idDescription('orderId'),
        resolve: ({ order, at }) => idAt(order.id, at),
      }),
      orderId: t.id({
        description: 'The UUID of the order. It is the same at every moment.',
        resolve: ({ order }) => order.id,
      }),
      clientOrderId: t.string({
        nullable: true,
        description: oneLine`The client's own id for the order (FIX ClOrdID). It is unique among
          the open orders of the account. Null if the order has none.`,
        resolve: ({ order }) => order.clientOrderId,
      }),
      account: t.field({
        type: account,
        description: 'The account that placed the order.',
        resolve: async ({ order, at }, _args, context) => {
          await context.waitForViews(at);
          const found = await readAccount(context, order.accountId, at);
          return found ?? missing('account', order.accountId, at);
        },
      }),
      instrument: t.field({
        type: instrument,
        description: 'The instrument that the order buys or sells.',
        resolve: async ({ order, at }, _args, context) => {
          await context.waitForViews(at);
          const found = await findInstrument(context, order.symbol, at);
          return found ?? missing('instrument', order.symbol, at);
        },
      }),
    }),
  });
}

/** Adds the fields that show what the client requested. */
function addInstruction({ builder }: ApiParts, refs: Refs): void {
  builder.objectFields(refs.order, (t) => ({
    side: t.field({
      type: refs.side,
      description: 'The side of the order: BUY or SELL.',
      resolve: ({ order }) => order.side,
    }),
    type: t.field({
      type: refs.type,
      description: 'The type of the order.',
      resolve: ({ order }) => order.type,
    }),
    timeInForce: t.field({
      type: refs.timeInForce,
      description: 'The time for which the order is in force.',
      resolve: ({ order }) => order.timeInForce,
    }),
    quantity: t.field({
      type: 'Decimal',
      description: 'The total number of shares, including those already traded (FIX OrderQty).',
      resolve: ({ order }) => order.quantity,
    }),
    limitPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: oneLine`The worst price at which the order may trade, per share, in the
        instrument's currency. Null for MARKET and STOP orders.`,
      resolve: ({ order }) => order.limitPrice,
    }),
    stopPrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: oneLine`The price that triggers the order, per share, in the instrument's
        currency. Null for MARKET and LIMIT orders.`,
      resolve: ({ order }) => order.stopPrice,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'The time at which the order expires if it is still open. Null if it does not expire.',
      resolve: ({ order }) => order.expiresAt,
    }),
    postOnly: t.boolean({
      description: 'Whether the order is rejected if it would trade immediately.',
      resolve: ({ order }) => order.postOnly,
    }),
  }));
}

/** Adds the fields that show what the market has done with the order. */
function addProgress({ builder }: ApiParts, refs: Refs): void {
  builder.objectFields(refs.order, (t) => ({
    filledQuantity: t.field({
      type: 'Decimal',
      description: oneLine`The number of shares traded (FIX CumQty), including those traded by the
        orders that this order replaced.`,
      resolve: ({ order }) => order.filledQuantity,
    }),
    leavesQuantity: t.field({
      type: 'Decimal',
      description:
        'The number of shares that can still trade (FIX LeavesQty); 0 once the order is finished.',
      resolve: ({ order }) => order.leavesQuantity,
    }),
    averagePrice: t.field({
      type: 'Decimal',
      nullable: true,
      description: oneLine`The average price of the shares traded (FIX AvgPx), in the instrument's
        currency, rounded half-up to 8 decimals. Null until the order has traded.`,
      resolve: ({ order }) => averagePriceOf(order),
    }),
    status: t.field({
      type: refs.status,
      description: 'The status of the order.',
      resolve: ({ order }) => order.status,
    }),
    reason: t.string({
      nullable: true,
      description: oneLine`The reason why the order was canceled or rejected. For a canceled order
        it is the text of the client, or a code of the market such as IOC or SELF_TRADE; the code
        ACCOUNT_FROZEN is followed by the reason for the freeze, if there is one. For a rejected
        order it is the message of the error. Null if the order was neither canceled nor rejected,
        or the client gave no reason.`,
      resolve: ({ order }) => order.reason,
    }),
    placedAt: t.field({
      type: 'DateTime',
      description: 'The time at which the order was placed or rejected.',
      resolve: ({ order }) => order.placedAt,
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: oneLine`The time at which the event that last changed the order was recorded. In
        a dry run that would change the order, it is the time at which the dry run was decided.`,
      resolve: ({ order }) => order.updatedAt,
    }),
    sequence: t.field({
      type: 'Sequence',
      description: oneLine`The sequence number of the event that last changed the order. In a dry
        run that would change the order, it is the sequence number at which the dry run was
        decided.`,
      resolve: ({ order, at }) => shownSequence(order.sequence, at),
    }),
  }));
}

/** Adds the fields that lead to other orders and to trades. */
function addRelated({ builder }: ApiParts, refs: Refs): void {
  builder.objectFields(refs.order, (t) => ({
    replaces: t.field({
      type: refs.order,
      nullable: true,
      description: 'The order that this order replaced. Null if there is none.',
      resolve: async ({ order, at }, _args, context) =>
        order.replaces === null ? null : orderOf(context, order.replaces, at),
    }),
    replacedBy: t.field({
      type: refs.order,
      nullable: true,
      description: 'The order that replaced this order. Null if there is none.',
      resolve: async ({ order, at }, _args, context) =>
        order.replacedBy === null ? null : orderOf(context, order.replacedBy, at),
    }),
    fills: t.field({
      type: [refs.trade],
      description: oneLine`The trades of the order and of the orders that it replaced, in the order
        of execution. If there are more than ${fillsMax} trades, this field returns a
        TOO_MANY_FILLS error: read Query.trades instead.`,
      resolve: async (source, _args, context) => {
        const fills = await readFills(context, source);
        return fills.map((trade) => toTradeAt(trade, source.at));
      },
    }),
  }));
}
