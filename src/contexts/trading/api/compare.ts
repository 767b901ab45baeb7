import type { ApiParts } from '../../../api/api-parts.ts';
import {
  comparisonType,
  type TwoMoments,
  toComparison,
  twoMoments,
} from '../../../api/comparison.ts';
import { badInput } from '../../../api/errors.ts';
import { parseId } from '../../../api/input.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { access } from '../../../api/root-access.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { streamIdOf } from '../../../kernel/decider.ts';
import type { JsonObject } from '../../../kernel/event.ts';
import { compareTexts } from '../../../lib/byte-order.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { baseSequenceOf, type ReadPoint } from '../../../views/read-point.ts';
import { type Account, accountDecider, availableOf } from '../../accounts/account.ts';
import { findAccount } from '../../accounts/api/account.ts';
import { averagePriceOf, type Order, type OrderStatus, orderDecider } from '../order.ts';
import { ordersView } from '../views/orders.ts';
import { shownCostOf } from '../views/portfolio.ts';
import type { Position } from '../views/position.ts';
import { positionsView } from '../views/positions.ts';
import { trialBalanceView } from '../views/trial-balance.ts';
import { findOrder } from './read.ts';

/** The orders that may differ between the moments of one comparison. */
const ordersMax = 1_000;

const openStatuses = ['HELD', 'NEW', 'PARTIALLY_FILLED'] as const satisfies readonly OrderStatus[];

/** Adds Query.compare, Query.compareOrder and Query.compareTrialBalance. */
export function addCompare(parts: ApiParts): void {
  const { builder } = parts;
  const comparison = comparisonType(parts);
  builder.queryFields((t) => {
    const moments = {
      from: t.arg({ type: 'Moment', required: true, description: 'The first moment.' }),
      to: t.arg({
        type: 'Moment',
        required: true,
        description: 'The second moment. It must not be before the first one.',
      }),
    };
    return {
      compare: t.field({
        extensions: access('ACCOUNTS'),
        type: comparison,
        nullable: true,
        description: oneLine`Compares an account with its positions and orders at two moments. Null
          if the account did not exist at the second one, or if the actor may not see it now. The
          orders are those that were open at the first moment or placed after it, at most
          ${ordersMax}: otherwise choose moments that are closer together.`,
        args: {
          accountId: t.arg.id({ required: true, description: 'The id of the account, a UUID.' }),
          ...moments,
        },
        resolve: async (_root, { accountId, ...given }, context) =>
          compareAccount(
            context,
            parseId('accountId', accountId),
            await twoMoments(context, given),
          ),
      }),
      compareOrder: t.field({
        extensions: access('ACCOUNTS'),
        type: comparison,
        nullable: true,
        description: oneLine`Compares an order at two moments. Null if the order did not exist at
          the second one, or if the actor may not see its account now.`,
        args: {
          id: t.arg.id({ required: true, description: 'The id of the order, a UUID.' }),
          ...moments,
        },
        resolve: async (_root, { id, ...given }, context) =>
          compareOrder(context, parseId('id', id), await twoMoments(context, given)),
      }),
      compareTrialBalance: t.field({
        extensions: access('LOG'),
        type: comparison,
        nullable: true,
        description: 'Compares the trial balance at two moments.',
        args: moments,
        resolve: async (_root, given, context) =>
          compareTrialBalance(context, await twoMoments(context, given)),
      }),
    };
  });
}

async function compareAccount(context: RequestContext, id: string, moments: TwoMoments) {
  const { from, to } = moments;
  const found = await findAccount(context, id, to);
  if (found === null) return null;
  const { account } = found;
  const [earlier, orders, positionsBefore, positionsAfter] = await Promise.all([
    findAccount(context, account.id, from),
    readOrders(context, account.id, moments),
    readPositions(context, account.id, from),
    readPositions(context, account.id, to),
  ]);
  const before = earlier === null ? {} : toAccountJson(earlier.account);
  return toComparison({
    before: { ...before, positions: positionsBefore, orders: orders.before },
    after: { ...toAccountJson(account), positions: positionsAfter, orders: orders.after },
    from,
    to,
    filter: { streamId: streamIdOf(accountDecider, account.id) },
  });
}

async function compareOrder(context: RequestContext, id: string, { from, to }: TwoMoments) {
  const found = await findOrder(context, id, to);
  if (found === null) return null;
  const earlier = await findOrder(context, id, from);
  return toComparison({
    before: earlier === null ? {} : toOrderJson(earlier.order),
    after: toOrderJson(found.order),
    from,
    to,
    filter: { streamId: streamIdOf(orderDecider, found.order.id) },
  });
}

async function compareTrialBalance(context: RequestContext, { from, to }: TwoMoments) {
  const read = async (at: ReadPoint): Promise<JsonObject> => {
    const list = { view: trialBalanceView, list: 'ASSET' };
    const assets = await readWholeList(context.views, list, at);
    return Object.fromEntries(assets.map(({ asset, balances }) => [asset, balances]));
  };
  const [before, after] = await Promise.all([read(from), read(to)]);
  return toComparison({ before, after, from, to, filter: {} });
}

function toAccountJson(account: Account): JsonObject {
  const grants = account.grants.map(({ actor, access: given, grantedBy, grantedAt }) => {
    return [actor, { access: given, grantedBy, grantedAt }] as const;
  });
  return {
    owner: account.owner,
    currency: account.currency,
    status: account.status,
    balance: account.balance,
    held: account.held,
    available: availableOf(account),
    version: account.version,
    sequence: String(account.sequence),
    openedAt: account.openedAt,
    updatedAt: account.updatedAt,
    grants: Object.fromEntries(grants),
  };
}

async function readPositions({ views }: RequestContext, accountId: string, at: ReadPoint) {
  const list = { view: positionsView, list: 'ACCOUNT', prefix: `${accountId} ` };
  const positions = await readWholeList(views, list, at);
  return Object.fromEntries(positions.map((each) => [each.symbol, toPositionJson(each)]));
}

function toPositionJson(position: Position): JsonObject {
  const { quantity, held, averageCost, realizedPnl } = position;
  return { quantity, held, averageCost, cost: shownCostOf(position), realizedPnl };
}

/** The states of those orders of an account that may differ between two moments, by id. */
async function readOrders(context: RequestContext, accountId: string, { from, to }: TwoMoments) {
  const [open, later] = await Promise.all([
    readOpenOrders(context, accountId, from),
    readLaterOrders(context, accountId, { from, to }),
  ]);
  const ids = new Set([...open, ...later].map(({ id }) => id));
  if (ids.size > ordersMax) {
    const rule = `more than ${ordersMax} orders may differ between these moments`;
    badInput(`${rule}: choose moments that are closer together`, 'from');
  }
  const earlierIds = [...ids].filter((id) => !open.some((order) => order.id === id));
  const laterIds = [...ids].filter((id) => !later.some((order) => order.id === id));
  const [others, ended] = await Promise.all([
    readByIds(context, earlierIds, from),
    readByIds(context, laterIds, to),
  ]);
  return { before: byId([...open, ...others]), after: byId([...later, ...ended]) };
}

function readOpenOrders(
  context: RequestContext,
  accountId: string,
  at: ReadPoint,
): Promise<readonly Order[]> {
  const reading = openStatuses.map((status) => {
    const filter = { accountId, status };
    const list = { view: ordersView, list: 'PLACED_AT', filter, documentsMax: ordersMax };
    return readWholeList(context.views, list, at);
  });
  return Promise.all(reading).then((lists) => lists.flat());
}

/** The orders that were placed after one moment, as they are at another. */
async function readLaterOrders(
  { views, events }: RequestContext,
  accountId: string,
  { from, to }: TwoMoments,
): Promise<readonly Order[]> {
  const sequence = baseSequenceOf(from);
  const [last] = await events({}, { after: sequence - 1, before: sequence + 1, limit: 1 });
  const page = { list: 'PLACED_AT', filter: { accountId }, limit: ordersMax + 1 };
  const after = { position: last?.recordedAt ?? '', key: '' };
  const found = await views.list(ordersView, { ...page, after }, to);
  return found.map(({ document }) => document);
}

async function readByIds({ views }: RequestContext, ids: readonly string[], at: ReadPoint) {
  const found = await Promise.all(ids.map((id) => views.document(ordersView, id, at)));
  return found.flatMap((each) => (each === null ? [] : [each.document]));
}

function byId(orders: readonly Order[]): JsonObject {
  const sorted = [...orders].sort((a, b) => compareTexts(a.id, b.id));
  return Object.fromEntries(sorted.map((order) => [order.id, toOrderJson(order)]));
}

function toOrderJson(order: Order): JsonObject {
  return {
    symbol: order.symbol,
    clientOrderId: order.clientOrderId,
    side: order.side,
    type: order.type,
    timeInForce: order.timeInForce,
    quantity: order.quantity,
    limitPrice: order.limitPrice,
    stopPrice: order.stopPrice,
    expiresAt: order.expiresAt,
    postOnly: order.postOnly,
    filledQuantity: order.filledQuantity,
    leavesQuantity: order.leavesQuantity,
    averagePrice: averagePriceOf(order),
    status: order.status,
    reason: order.reason,
    replaces: order.replaces,
    replacedBy: order.replacedBy,
    placedAt: order.placedAt,
    updatedAt: order.updatedAt,
    sequence: String(order.sequence),
  };
}
