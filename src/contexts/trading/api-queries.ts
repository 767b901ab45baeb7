import type { ApiContext } from '../../api/context.ts';
import type { ApiParts } from '../../api/context-api.ts';
import { readListConnection } from '../../api/list-connection.ts';
import type { PagingArgs } from '../../api/paging.ts';
import { accountTypes } from '../accounts/api-account.ts';
import { orderTypes } from './api-order.ts';
import { findOrder, toOrderAt, toTradeAt } from './api-read.ts';
import type { OrderStatus } from './order.ts';
import { ordersView, toClientOrderPrefix } from './orders-view.ts';
import { tradesView } from './trades-view.ts';

interface OrderFilter {
  readonly accountId?: string | null | undefined;
  readonly symbol?: string | null | undefined;
  readonly clientOrderId?: string | null | undefined;
  readonly status?: OrderStatus | null | undefined;
  readonly statuses?: readonly OrderStatus[] | null | undefined;
}

interface OrderListArgs extends PagingArgs {
  readonly filter?: OrderFilter | null | undefined;
  readonly descending?: boolean | null | undefined;
}

/** Query.order, orders and trades, and Account.orders. */
export function addTradingQueries(parts: ApiParts): void {
  const { builder } = parts;
  const { account } = accountTypes(parts);
  const { order, trade, status } = orderTypes(parts);
  const filter = builder.inputType('OrderFilter', {
    description: 'Each member narrows.',
    fields: (t) => ({
      accountId: t.id(),
      symbol: t.id(),
      clientOrderId: t.string({ description: "The client's own id of the order, exactly." }),
      status: t.field({ type: status }),
      statuses: t.field({
        type: [status],
        description: 'Any of these; open orders are HELD, NEW or PARTIALLY_FILLED.',
      }),
    }),
  });
  const orderBy = builder.enumType('OrderOrder', {
    description: 'What a list of orders is sorted by; then by id.',
    values: { PLACED_AT: {} },
  });
  const edge = builder.edgeObject({ name: 'OrderEdge', type: order });
  const connection = builder.connectionObject({ name: 'OrderConnection', type: order }, edge);
  builder.queryFields((t) => ({
    order: t.field({
      type: order,
      nullable: true,
      description: 'One order; null when there is none (yet).',
      args: { id: t.arg.id({ required: true }), asOf: t.arg({ type: 'Moment' }) },
      resolve: async (_root, { id, asOf }, context) =>
        findOrder(context, id, await context.at(asOf)),
    }),
    orders: t.connection(
      {
        type: order,
        description: 'Orders as they stood at the moment.',
        args: {
          filter: t.arg({ type: filter }),
          orderBy: t.arg({ type: orderBy, defaultValue: 'PLACED_AT' }),
          descending: t.arg.boolean({ defaultValue: false }),
          asOf: t.arg({ type: 'Moment' }),
        },
        resolve: async (_root, { asOf, ...args }, context) =>
          readOrders(context, args, await context.at(asOf)),
      },
      connection,
      edge,
    ),
    trades: t.connection(
      {
        type: trade,
        description: 'Trades of an instrument in the order of execution, up to the moment.',
        args: { symbol: t.arg.id({ required: true }), asOf: t.arg({ type: 'Moment' }) },
        resolve: async (_root, { symbol, asOf, ...paging }, context) => {
          const at = await context.at(asOf);
          const list = { view: tradesView, list: 'SYMBOL', filter: {}, prefix: `${symbol} `, at };
          return readListConnection(context, list, paging, toTradeAt);
        },
      },
      { name: 'TradeConnection' },
      { name: 'TradeEdge' },
    ),
  }));
  builder.objectField(account, 'orders', (t) =>
    t.connection(
      {
        type: order,
        description: 'Its orders.',
        args: {
          filter: t.arg({ type: filter }),
          descending: t.arg.boolean({ defaultValue: false }),
        },
        resolve: async (source, { filter: wanted, ...args }, context) => {
          await context.reach(source.at);
          const own = { ...wanted, accountId: source.account.id };
          return readOrders(context, { ...args, filter: own }, source.at);
        },
      },
      connection,
      edge,
    ),
  );
}

function readOrders(
  context: ApiContext,
  { filter, descending, ...paging }: OrderListArgs,
  at: number,
) {
  const { accountId, symbol, clientOrderId, status, statuses } = filter ?? {};
  const isOne = status == null || statuses == null || statuses.includes(status);
  const wanted = status == null ? statuses : isOne ? [status] : [];
  const request = {
    ...{ view: ordersView, at, descending: descending ?? false },
    ...(clientOrderId == null
      ? { list: 'PLACED_AT' }
      : { list: 'CLIENT_ORDER_ID', prefix: toClientOrderPrefix(clientOrderId) }),
    filter: { accountId: accountId?.toLowerCase(), symbol },
    ...(wanted == null ? {} : { anyOf: [...new Set(wanted)].map((one) => ({ status: one })) }),
  };
  return readListConnection(context, request, paging, toOrderAt);
}
