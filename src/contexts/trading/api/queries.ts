import type { ApiParts } from '../../../api/api-parts.ts';
import { asOfDescription } from '../../../api/as-of.ts';
import { badInput, within } from '../../../api/errors.ts';
import {
  parseFilterBy,
  parseFilterId,
  parseFilterList,
  parseFilterText,
} from '../../../api/filter-input.ts';
import { parseId } from '../../../api/input.ts';
import { type ReadPage, readListConnection } from '../../../api/list-connection.ts';
import type { PagingArgs } from '../../../api/paging.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { access } from '../../../api/root-access.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import { accountTypes } from '../../accounts/api/account.ts';
import { readOwnAccountIds } from '../../accounts/api/own-accounts.ts';
import { symbolFault } from '../../market/symbol.ts';
import type { Order, OrderStatus } from '../order.ts';
import { ordersView, toClientOrderPrefix } from '../views/orders.ts';
import { tradesView } from '../views/trades.ts';
import { orderTypes } from './order.ts';
import { findOrder, toOrderAt, toTradeAt } from './read.ts';

const filterDescription = 'The filter to apply. If omitted, all orders match.';
const descendingDescription =
  'Whether the sort order is reversed, so that the newest orders are first.';

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

/** Adds Query.order, Query.orders, Query.trades and Account.orders. */
export function addTradingQueries(parts: ApiParts): void {
  const lists = addOrderListTypes(parts);
  addOrderQueries(parts, lists);
  addAccountOrders(parts, lists);
  addTradesQuery(parts);
}

type OrderListTypes = ReturnType<typeof addOrderListTypes>;

function addOrderListTypes(parts: ApiParts) {
  const { builder } = parts;
  const { order, status } = orderTypes(parts);
  const filter = builder.inputType('OrderFilter', {
    description: 'A filter for orders. An order must match all fields that are given.',
    fields: (t) => ({
      accountId: t.id({
        description: oneLine`The id of the account, a UUID. If omitted, every account matches.
          Account.orders ignores this field.`,
      }),
      symbol: t.id({
        description:
          'The symbol of the instrument, in upper case. If omitted, every instrument matches.',
      }),
      clientOrderId: t.string({
        description: 'The exact client order id. If omitted, every order matches.',
      }),
      status: t.field({
        type: status,
        description: 'The status of the order. If omitted, every status matches.',
      }),
      statuses: t.field({
        type: [status],
        description: oneLine`One or more statuses. The order must have one of them. If omitted,
          every status matches. If status is also given, it must be one of these statuses. Open
          orders are HELD, NEW or PARTIALLY_FILLED.`,
      }),
    }),
  });
  const orderBy = builder.enumType('OrderOrder', {
    description: 'The sort key of a list of orders. Orders with equal keys are sorted by id.',
    values: { PLACED_AT: { description: 'Sorts by the time at which the order was placed.' } },
  });
  const edge = builder.edgeObject({ name: 'OrderEdge', type: order });
  const connection = builder.connectionObject({ name: 'OrderConnection', type: order }, edge);
  return { filter, orderBy, edge, connection };
}

function addOrderQueries(parts: ApiParts, lists: OrderListTypes): void {
  const { order } = orderTypes(parts);
  const { filter, orderBy, edge, connection } = lists;
  parts.builder.queryFields((t) => ({
    order: t.field({
      extensions: access('ACCOUNTS'),
      type: order,
      nullable: true,
      description: oneLine`Returns an order, as of a moment. Null if it did not exist then, or
        if the actor may not see its account now.`,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the order, a UUID.' }),
        asOf: t.arg({ type: 'Moment', description: asOfDescription }),
      },
      resolve: async (_root, { id, asOf }, context) =>
        findOrder(context, parseId('id', id), await context.readPointOf(asOf)),
    }),
    orders: t.connection(
      {
        extensions: access('ACCOUNTS'),
        type: order,
        nullable: true,
        description: oneLine`Lists the orders that match the filter, of accounts that the actor may
          see now, as of a moment. A cursor is
          valid at any moment, but only with the filter, orderBy and descending for which it was
          returned.`,
        args: {
          filter: t.arg({ type: filter, description: filterDescription }),
          orderBy: t.arg({
            type: orderBy,
            defaultValue: 'PLACED_AT',
            description: 'The sort key.',
          }),
          descending: t.arg.boolean({ defaultValue: false, description: descendingDescription }),
          asOf: t.arg({ type: 'Moment', description: asOfDescription }),
        },
        resolve: async (_root, { asOf, ...args }, context) =>
          readOrders(context, args, { at: await context.readPointOf(asOf) }),
      },
      connection,
      edge,
    ),
  }));
}

function addTradesQuery(parts: ApiParts): void {
  const { trade } = orderTypes(parts);
  parts.builder.queryField('trades', (t) =>
    t.connection(
      {
        extensions: access('EVERYONE'),
        type: trade,
        nullable: true,
        description: oneLine`Lists the trades of an instrument up to a moment, in the order of
          execution. The list is empty if the symbol is not listed.`,
        args: {
          symbol: t.arg.id({
            required: true,
            description: 'The symbol of the instrument, in upper case.',
          }),
          asOf: t.arg({ type: 'Moment', description: asOfDescription }),
        },
        resolve: async (_root, { symbol, asOf, ...paging }, context) => {
          parseFilterBy('symbol', symbolFault, symbol);
          const at = await context.readPointOf(asOf);
          const list = { view: tradesView, list: 'SYMBOL', filter: {}, prefix: `${symbol} `, at };
          return readListConnection(context, list, paging, toTradeAt);
        },
      },
      { name: 'TradeConnection' },
      { name: 'TradeEdge' },
    ),
  );
}

function addAccountOrders(parts: ApiParts, lists: OrderListTypes): void {
  const { account } = accountTypes(parts);
  const { order } = orderTypes(parts);
  const { filter, edge, connection } = lists;
  parts.builder.objectField(account, 'orders', (t) =>
    t.connection(
      {
        type: order,
        description: oneLine`The orders of the account that match the filter, sorted by the time at
          which they were placed.`,
        args: {
          filter: t.arg({ type: filter, description: filterDescription }),
          descending: t.arg.boolean({ defaultValue: false, description: descendingDescription }),
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

/**
 * A page of orders. If `ownerId` is given, it replaces the account of the filter; the actor may see
 * that account.
 */
async function readOrders(
  context: RequestContext,
  { filter, descending, ...paging }: OrderListArgs,
  { at, ownerId }: { readonly at: ReadPoint; readonly ownerId?: string },
) {
  const { accountId, symbol, clientOrderId, statuses } = within('filter', () =>
    parseOrderFilter(filter ?? {}),
  );
  const request = {
    view: ordersView,
    at,
    descending: descending ?? false,
    ...(clientOrderId == null
      ? { list: 'PLACED_AT' }
      : { list: 'CLIENT_ORDER_ID', prefix: toClientOrderPrefix(clientOrderId) }),
    filter: { accountId: ownerId ?? accountId, symbol },
    ...(ownerId === undefined && !context.visibility.ofAll
      ? { read: await readOwnOrders(context, accountId ?? null, at) }
      : {}),
    ...(statuses == null ? {} : { anyOf: [...new Set(statuses)].map((status) => ({ status })) }),
  };
  return readListConnection(context, request, paging, toOrderAt);
}

const ownAccountsMax = 10_000;

/** Creates what reads the orders of the accounts that the actor may see now, or of one of them. */
async function readOwnOrders(
  context: RequestContext,
  accountId: string | null,
  at: ReadPoint,
): Promise<ReadPage<Order>> {
  const ids = await ownAccountIds(context, accountId);
  if (ids.length === 0) return async () => [];
  const anyOf = ids.map((id) => ({ accountId: id }));
  return (page) => context.views.list(ordersView, { ...page, anyOf }, at);
}

async function ownAccountIds(
  context: RequestContext,
  accountId: string | null,
): Promise<readonly string[]> {
  if (accountId !== null) return (await context.visibility.mayView(accountId)) ? [accountId] : [];
  const ids = await readOwnAccountIds(context, ownAccountsMax);
  if (ids.length <= ownAccountsMax) return ids;
  const reason = `orders of more than ${ownAccountsMax} accounts cannot be listed together`;
  badInput(`${reason}: give an accountId`, 'filter');
}

function parseOrderFilter({ accountId, symbol, clientOrderId, status, statuses }: OrderFilter) {
  const alternatives = parseFilterList('statuses', statuses);
  if (status != null && alternatives?.includes(status) === false) {
    badInput(
      `status ${status} is not one of statuses ${alternatives.join(', ')}: no order can match both`,
      'status',
    );
  }
  return {
    accountId: parseFilterId('accountId', accountId),
    symbol: parseFilterBy('symbol', symbolFault, symbol),
    clientOrderId: parseFilterText('clientOrderId', clientOrderId),
    statuses: status == null ? alternatives : [status],
  };
}
