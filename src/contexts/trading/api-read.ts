import type { ApiContext } from '../../api/context.ts';
import { codedError } from '../../api/errors.ts';
import { readWholeList } from '../../api/whole-list.ts';
import type { CommandResult } from '../../commands/request.ts';
import { difference, isZero, sum } from '../../lib/decimal.ts';
import { parseUuid } from '../../lib/uuid.ts';
import type { AccountAt } from '../accounts/api-account.ts';
import { accountAfter } from '../accounts/api-commands.ts';
import { evolveOrder, type Order, type OrderEvent, orderDecider } from './order.ts';
import { orderIdsOf, ordersView } from './orders-view.ts';
import { type Trade, toTrade, tradesView } from './trades-view.ts';

/** An order at a sequence: what is nested in it answers at the same one. */
export interface OrderAt {
  readonly typename: 'Order';
  readonly order: Order;
  readonly at: number;
}

/** A trade, and the sequence at which its orders are shown. */
export interface TradeAt {
  readonly typename: 'Trade';
  readonly trade: Trade;
  readonly at: number;
}

export function toOrderAt(order: Order, at: number): OrderAt {
  return { typename: 'Order', order, at };
}

export function toTradeAt(trade: Trade, at: number): TradeAt {
  return { typename: 'Trade', trade, at };
}

export async function findOrder(
  context: ApiContext,
  id: string,
  at: number,
): Promise<OrderAt | null> {
  const uuid = parseUuid(id);
  if (uuid === null) return null;
  const found = await context.document(ordersView, uuid, at);
  return found === null ? null : toOrderAt(found.document, at);
}

/** The order of an id that something else names: it is there. */
export async function orderOf(context: ApiContext, id: string, at: number): Promise<OrderAt> {
  await context.reach(at);
  return (await findOrder(context, id, at)) ?? missing('order', id, at);
}

export async function findTrade(
  context: ApiContext,
  id: string,
  at: number,
): Promise<TradeAt | null> {
  const uuid = parseUuid(id);
  if (uuid === null) return null;
  const found = await context.document(tradesView, uuid, at);
  return found === null ? null : toTradeAt(found.document, at);
}

/**
 * An order right after a command: as decided, from its placing and the events of the command, which
 * say what it has come to; for a replay as the views have it.
 */
export async function orderAfter(
  context: ApiContext,
  result: CommandResult,
  id: string,
): Promise<OrderAt> {
  const placed = result.stateOf(orderDecider, id);
  const about = result.decided.filter((event) => orderIdsOf(event).includes(id));
  if (placed === null || about.length === 0) return orderOf(context, id, result.sequence);
  let order: Order | null = placed;
  for (const event of about) order = evolveOrder(order, event as OrderEvent, id);
  return toOrderAt(order ?? placed, result.sequence);
}

/** The account of an order right after a command. */
export function findAccountOf(
  context: ApiContext,
  result: CommandResult,
  orderId: string,
): Promise<AccountAt> {
  const placed = result.stateOf(orderDecider, orderId);
  if (placed !== null) return accountAfter(context, result, placed.accountId);
  return orderOf(context, orderId, result.sequence).then(({ order }) =>
    accountAfter(context, result, order.accountId),
  );
}

/** The trades that a command has led to, or would. */
export function tradesAfter({ decided, sequence }: CommandResult): TradeAt[] {
  return decided
    .filter(({ type }) => type === 'TradeExecuted')
    .map((event) => toTradeAt(toTrade(event), sequence));
}

const fillsMax = 10_000;

/**
 * The trades of an order in the order of execution, and before them those of the orders whose places
 * it has taken, as far as its filled quantity counts them.
 */
export async function readFills(
  context: ApiContext,
  { order, at }: OrderAt,
): Promise<readonly Trade[]> {
  await context.reach(at);
  const fills: Trade[] = [];
  let current: Order | null = order;
  let missingQuantity = order.filledQuantity;
  while (current !== null && !isZero(missingQuantity)) {
    const own = await readOwnFills(context, current, at);
    fills.unshift(...own);
    if (fills.length > fillsMax) {
      throw codedError('TOO_MANY_FILLS', `order ${order.id} has over ${fillsMax} fills`);
    }
    for (const { quantity } of own) missingQuantity = difference(missingQuantity, quantity);
    current = current.replaces === null ? null : await replacedOf(context, current.replaces, at);
  }
  return fills;
}

async function replacedOf(context: ApiContext, id: string, at: number): Promise<Order | null> {
  return (await findOrder(context, id, at))?.order ?? null;
}

function readOwnFills(
  { views }: ApiContext,
  { id, side }: Order,
  at: number,
): Promise<readonly Trade[]> {
  const list = side === 'BUY' ? 'BUY_ORDER' : 'SELL_ORDER';
  const request = { view: tradesView, list, prefix: `${id} `, documentsMax: fillsMax };
  return readWholeList(views, request, at);
}

/** What must be there, but is not in the views. */
export function missing(kind: string, id: string, at: number): never {
  throw new Error(`${kind} ${id} is not in the views at ${at}`);
}

/** The sum of decimals. */
export function total(values: readonly string[]): string {
  return values.reduce(sum, '0');
}
