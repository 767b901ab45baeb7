import type { ApiParts } from '../../../api/api-parts.ts';
import { badInput } from '../../../api/errors.ts';
import {
  parseFilterBy,
  parseFilterId,
  parseFilterList,
  parseFilterText,
} from '../../../api/filter-input.ts';
import { readListConnection } from '../../../api/list-connection.ts';
import type { PagingArgs } from '../../../api/paging.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import { accountTypes } from '../../accounts/api/account.ts';
import { symbolFault } from '../../market/symbol.ts';
import type { OrderStatus } from '../order.ts';
import { ordersView, toClientOrderPrefix } from '../views/orders.ts';
import { tradesView } from '../views/trades.ts';
import { orderTypes } from './order.ts';
import { findOrder, toOrderAt, toTradeAt } from './read.ts';

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
      accountId: t.id({ description: 'The account, a UUID. Account.orders ignores it.' }),
      symbol: t.id({ description: 'Upper case, like "MSFT".' }),
      clientOrderId: t.string({ description: "The client's own id of the order, exactly." }),
      status: t.field({ type: status }),
      statuses: t.field({
        type: [status],
        description: 'Any of these, at least one; open orders are HELD, NEW or PARTIALLY_FILLED.',
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
        findOrder(context, id, await context.sequenceOf(asOf)),
    }),
    orders: t.connection(
      {
        type: order,
        description: 'Orders as they stood at the moment. A cursor goes with its order and filter.',
        args: {
          filter: t.arg({ type: filter }),
          orderBy: t.arg({ type: orderBy, defaultValue: 'PLACED_AT' }),
          descending: t.arg.boolean({ defaultValue: false }),
          asOf: t.arg({ type: 'Moment' }),
        },
        resolve: async (_root, { asOf, ...args }, context) =>
          readOrders(context, args, { at: await context.sequenceOf(asOf) }),
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
          parseFilterBy(symbolFault, symbol);
          const at = await context.sequenceOf(asOf);
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
        resolve: async ({ account: { id: ownerId }, at }, args, context) => {
          await context.waitForViews(at);
          return readOrders(context, args, { at, ownerId });
        },
      },
      connection,
      edge,
    ),
  );
}

/** A page of orders; of one account, whatever account the filter names, when `ownerId` is given. */
function readOrders(
  context: RequestContext,
  { filter, descending, ...paging }: OrderListArgs,
  { at, ownerId }: { readonly at: ReadPoint; readonly ownerId?: string },
) {
  const { accountId, symbol, clientOrderId, statuses } = parseOrderFilter(filter ?? {});
  const request = {
    ...{ view: ordersView, at, descending: descending ?? false },
    ...(clientOrderId == null
      ? { list: 'PLACED_AT' }
      : { list: 'CLIENT_ORDER_ID', prefix: toClientOrderPrefix(clientOrderId) }),
    filter: { accountId: ownerId ?? accountId, symbol },
    ...(statuses == null ? {} : { anyOf: [...new Set(statuses)].map((status) => ({ status })) }),
  };
  return readListConnection(context, request, paging, toOrderAt);
}

function parseOrderFilter({ accountId, symbol, clientOrderId, status, statuses }: OrderFilter) {
  const alternatives = parseFilterList('statuses', statuses);
  if (status != null && alternatives?.includes(status) === false) {
    badInput(
      `status ${status} is not among statuses ${alternatives.join(', ')}: no order has both`,
    );
  }
  return {
    accountId: parseFilterId('accountId', accountId),
    symbol: parseFilterBy(symbolFault, symbol),
    clientOrderId: parseFilterText('clientOrderId', clientOrderId),
    statuses: status == null ? alternatives : [status],
  };
}
