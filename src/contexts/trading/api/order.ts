import type { ObjectRef } from '@pothos/core';
import type { ApiParts } from '../../../api/api-parts.ts';
import type { ApiTypes } from '../../../api/builder.ts';
import { oncePerSchema } from '../../../api/once.ts';
import { shownSequence } from '../../../views/read-point.ts';
import { accountTypes, findAccount } from '../../accounts/api/account.ts';
import { findInstrument, instrumentTypes } from '../../market/api/instrument.ts';
import { averagePriceOf } from '../order.ts';
import { missing, type OrderAt, orderOf, readFills, type TradeAt, toTradeAt } from './read.ts';

/** The Order and Trade types, and the enums of orders. */
export const orderTypes = oncePerSchema(addOrderTypes);

interface Refs extends ReturnType<typeof addEnums> {
  readonly order: ObjectRef<ApiTypes, OrderAt>;
  readonly trade: ObjectRef<ApiTypes, TradeAt>;
}

function addOrderTypes(parts: ApiParts): Refs {
  const enums = addEnums(parts);
  const order = parts.builder.objectRef<OrderAt>('Order');
  const trade = parts.builder.objectRef<TradeAt>('Trade');
  const refs = { ...enums, order, trade };
  implementOrder(parts, refs);
  implementTrade(parts, refs);
  return refs;
}

function addEnums({ builder }: ApiParts) {
  return {
    side: builder.enumType('Side', { values: ['BUY', 'SELL'] as const }),
    type: builder.enumType('OrderType', {
      description: 'STOP and STOP_LIMIT wait for their price and enter as MARKET and LIMIT.',
      values: ['MARKET', 'LIMIT', 'STOP', 'STOP_LIMIT'] as const,
    }),
    timeInForce: builder.enumType('TimeInForce', {
      description:
        `DAY: until the end of its UTC day. GTC: until it is canceled. GTD: until expiresAt.
        IOC: what does not trade at once is canceled. FOK: whole and at once, or not at all.`.replace(
          /\s+/g,
          ' ',
        ),
      values: ['DAY', 'GTC', 'IOC', 'FOK', 'GTD'] as const,
    }),
    status: builder.enumType('OrderStatus', {
      description: 'As OrdStatus in FIX. HELD: a stop order that waits for its price.',
      values: [
        ...(['HELD', 'NEW', 'PARTIALLY_FILLED', 'FILLED'] as const),
        ...(['CANCELED', 'REPLACED', 'EXPIRED', 'REJECTED'] as const),
      ],
    }),
  };
}

function implementOrder(parts: ApiParts, refs: Refs): void {
  const { builder, nodes } = parts;
  const { account } = accountTypes(parts);
  const { instrument } = instrumentTypes(parts);
  builder.objectType(refs.order, {
    description: 'An order; states and totals as in FIX.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({ resolve: ({ order }) => order.id }),
      clientOrderId: t.string({
        nullable: true,
        description:
          `The client's own id of the order. Of the open orders of an account no two have the
          same one. Null: there is none.`.replace(/\s+/g, ' '),
        resolve: ({ order }) => order.clientOrderId,
      }),
      account: t.field({
        type: account,
        resolve: async ({ order, at }, _args, context) => {
          await context.waitForViews(at);
          const found = await findAccount(context, order.accountId, at);
          return found ?? missing('account', order.accountId, at);
        },
      }),
      instrument: t.field({
        type: instrument,
        resolve: async ({ order, at }, _args, context) => {
          await context.waitForViews(at);
          const found = await findInstrument(context, order.symbol, at);
          return found ?? missing('instrument', order.symbol, at);
        },
      }),
      side: t.field({ type: refs.side, resolve: ({ order }) => order.side }),
      type: t.field({ type: refs.type, resolve: ({ order }) => order.type }),
      timeInForce: t.field({ type: refs.timeInForce, resolve: ({ order }) => order.timeInForce }),
      quantity: t.field({
        type: 'Decimal',
        description: 'How many shares in all (FIX OrderQty).',
        resolve: ({ order }) => order.quantity,
      }),
      limitPrice: t.field({
        type: 'Decimal',
        nullable: true,
        resolve: ({ order }) => order.limitPrice,
      }),
      stopPrice: t.field({
        type: 'Decimal',
        nullable: true,
        resolve: ({ order }) => order.stopPrice,
      }),
      expiresAt: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'When what is left of it expires; null: never.',
        resolve: ({ order }) => order.expiresAt,
      }),
      postOnly: t.boolean({
        description: 'Whether it was to be refused rather than to trade on arrival.',
        resolve: ({ order }) => order.postOnly,
      }),
      filledQuantity: t.field({
        type: 'Decimal',
        description: 'How many shares have been traded (FIX CumQty).',
        resolve: ({ order }) => order.filledQuantity,
      }),
      leavesQuantity: t.field({
        type: 'Decimal',
        description: 'How many shares are still open (FIX LeavesQty); 0 once it is finished.',
        resolve: ({ order }) => order.leavesQuantity,
      }),
      averagePrice: t.field({
        type: 'Decimal',
        nullable: true,
        description: 'Of the shares traded, to 8 decimals (FIX AvgPx); null while there are none.',
        resolve: ({ order }) => averagePriceOf(order),
      }),
      status: t.field({ type: refs.status, resolve: ({ order }) => order.status }),
      reason: t.string({
        nullable: true,
        description:
          `Why it was canceled or rejected: a word of the market, like IOC or SELF_TRADE, or
          what the client wrote. After ACCOUNT_FROZEN the reason of the freeze follows. Null: there
          is none.`.replace(/\s+/g, ' '),
        resolve: ({ order }) => order.reason,
      }),
      placedAt: t.field({ type: 'DateTime', resolve: ({ order }) => order.placedAt }),
      updatedAt: t.field({
        type: 'DateTime',
        description: `When the event that last changed it was recorded. In a dry run that would
          change it: when the dry run was decided.`.replace(/\s+/g, ' '),
        resolve: ({ order }) => order.updatedAt,
      }),
      sequence: t.field({
        type: 'Sequence',
        description: `The sequence of the event that last changed it. In a dry run that would change
          it: the end of the log on which the dry run was decided.`.replace(/\s+/g, ' '),
        resolve: ({ order, at }) => shownSequence(order.sequence, at),
      }),
      replaces: t.field({
        type: refs.order,
        nullable: true,
        description: 'The order whose place it took.',
        resolve: async ({ order, at }, _args, context) =>
          order.replaces === null ? null : orderOf(context, order.replaces, at),
      }),
      replacedBy: t.field({
        type: refs.order,
        nullable: true,
        description: 'The order that took its place.',
        resolve: async ({ order, at }, _args, context) =>
          order.replacedBy === null ? null : orderOf(context, order.replacedBy, at),
      }),
      fills: t.field({
        type: [refs.trade],
        description: 'Its trades, and those of the orders that it replaced, in order.',
        resolve: async (source, _args, context) => {
          const fills = await readFills(context, source);
          return fills.map((trade) => toTradeAt(trade, source.at));
        },
      }),
    }),
  });
}

function implementTrade({ builder, nodes }: ApiParts, refs: Refs): void {
  builder.objectType(refs.trade, {
    description: 'Shares that changed hands, at the price of the order that rested in the book.',
    interfaces: [nodes.node],
    fields: (t) => ({
      id: t.id({ resolve: ({ trade }) => trade.id }),
      symbol: t.id({ resolve: ({ trade }) => trade.symbol }),
      price: t.field({ type: 'Decimal', resolve: ({ trade }) => trade.price }),
      quantity: t.field({ type: 'Decimal', resolve: ({ trade }) => trade.quantity }),
      amount: t.field({
        type: 'Decimal',
        description:
          `Price times quantity, exactly. Trades recorded before each side had an amount of
          its own show it rounded half-up to the minor unit of the currency.`.replace(/\s+/g, ' '),
        resolve: ({ trade }) => trade.amount,
      }),
      buyAmount: t.field({
        type: 'Decimal',
        description:
          `The cash that the buyer paid for the shares, without the fee. Over the life of an
          order these amounts add up to its exact total, rounded up once to the minor unit.`.replace(
            /\s+/g,
            ' ',
          ),
        resolve: ({ trade }) => trade.buyAmount,
      }),
      sellAmount: t.field({
        type: 'Decimal',
        description:
          `The cash that the seller received for the shares, without the fee. Over the life
          of an order these amounts add up to its exact total, rounded down once to the minor
          unit.`.replace(/\s+/g, ' '),
        resolve: ({ trade }) => trade.sellAmount,
      }),
      buyFee: t.field({ type: 'Decimal', resolve: ({ trade }) => trade.buyFee }),
      sellFee: t.field({ type: 'Decimal', resolve: ({ trade }) => trade.sellFee }),
      aggressor: t.field({
        type: refs.side,
        description: 'The side that came in.',
        resolve: ({ trade }) => trade.aggressor,
      }),
      buyOrder: t.field({
        type: refs.order,
        resolve: ({ trade, at }, _args, context) => orderOf(context, trade.buyOrderId, at),
      }),
      sellOrder: t.field({
        type: refs.order,
        resolve: ({ trade, at }, _args, context) => orderOf(context, trade.sellOrderId, at),
      }),
      executedAt: t.field({
        type: 'DateTime',
        description: 'When the shares changed hands. In a dry run: when the dry run was decided.',
        resolve: ({ trade }) => trade.executedAt,
      }),
      sequence: t.field({
        type: 'Sequence',
        description:
          `The sequence of the event that is the trade. In a dry run that would lead to it:
          the end of the log on which the dry run was decided.`.replace(/\s+/g, ' '),
        resolve: ({ trade, at }) => shownSequence(trade.sequence, at),
      }),
    }),
  });
}
