import type { CommandAnswer } from '../../../api/command-mutation.ts';
import { codedError } from '../../../api/errors.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { stateBehind } from '../../../api/state-behind.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import type { StoredEvent } from '../../../kernel/event.ts';
import { difference, isZero, sum } from '../../../lib/decimal.ts';
import { parseUuid } from '../../../lib/uuid.ts';
import { baseSequenceOf, type ReadPoint } from '../../../views/read-point.ts';
import type { AccountAt } from '../../accounts/api/account.ts';
import { accountAfter } from '../../accounts/api/account-after.ts';
import { evolveOrder, type Order, type OrderEvent, orderDecider } from '../order.ts';
import { OrderNotFound } from '../rejections.ts';
import { orderIdsOf, ordersView } from '../views/orders.ts';
import { type Trade, toTrade, tradesView } from '../views/trades.ts';

/** An order at a read point. Fields nested in it are read at the same point. */
export interface OrderAt {
  readonly typename: 'Order';
  readonly order: Order;
  readonly at: ReadPoint;
}

/** A trade, and the read point at which its orders are read. */
export interface TradeAt {
  readonly typename: 'Trade';
  readonly trade: Trade;
  readonly at: ReadPoint;
  /** Where its orders are read, if not at `at`. */
  readonly ordersAt?: ReadPoint;
}

export function toOrderAt(order: Order, at: ReadPoint): OrderAt {
  return { typename: 'Order', order, at };
}

export function toTradeAt(trade: Trade, at: ReadPoint): TradeAt {
  return { typename: 'Trade', trade, at };
}

/** Finds an order. Null if no order has the id, or if the actor may not see its account now. */
export async function findOrder(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<OrderAt | null> {
  const uuid = parseUuid(id);
  context.visibility.note();
  const found = uuid && (await readOrder(context, uuid, at));
  if (!found || !(await context.visibility.mayView(found.order.accountId))) return null;
  return found;
}

async function readOrder(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<OrderAt | null> {
  const found = await context.views.document(ordersView, id, at);
  return found === null ? null : toOrderAt(found.document, at);
}

/**
 * The order with an id that is known to exist, and whose account the actor may see; throws if it is
 * not in the views.
 */
export async function orderOf(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<OrderAt> {
  await context.waitForViews(at);
  return (await readOrder(context, id, at)) ?? missing('order', id, at);
}

/** An order of a trade. Null if the actor may not see its account now. */
export async function orderOfTrade(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<OrderAt | null> {
  const found = await orderOf(context, id, at);
  return (await context.visibility.mayView(found.order.accountId)) ? found : null;
}

export async function findTrade(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<TradeAt | null> {
  const uuid = parseUuid(id);
  if (uuid === null) return null;
  const found = await context.views.document(tradesView, uuid, at);
  return found === null ? null : toTradeAt(found.document, at);
}

/**
 * The order right after a command, folded from its placing and the events of the command. If the
 * answer is a replay, these are the recorded events, and it throws ORDER_NOT_FOUND if the actor may
 * not see the order any more.
 */
export async function orderAfter(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  id: string,
): Promise<OrderAt> {
  const { result, at } = answer;
  const about = result.decided.filter((event) => orderIdsOf(event).includes(id));
  const placed = about.length === 0 ? null : await placedBehind(context, answer, id);
  const found =
    placed === null ? await orderOf(context, id, at) : toOrderAt(afterAll(placed, about, id), at);
  if (result.replayed && !(await context.visibility.mayView(found.order.accountId))) {
    throw codedError(OrderNotFound.code, `there is no order ${id}`);
  }
  return found;
}

/** The order as it was placed; null if there is no such order. */
async function placedBehind(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  id: string,
): Promise<Order | null> {
  const decided = answer.result.stateOf(orderDecider, id);
  return decided ?? stateBehind(context, answer, { decider: orderDecider, id });
}

function afterAll(before: Order, events: readonly StoredEvent[], id: string): Order {
  return events.reduce(
    (order, event) => evolveOrder(order, event as OrderEvent, id) ?? order,
    before,
  );
}

/** The account of an order, right after a command. */
export async function findAccountOf(
  context: RequestContext,
  answer: CommandAnswer<unknown>,
  orderId: string,
): Promise<AccountAt> {
  const placed = await placedBehind(context, answer, orderId);
  return accountAfter(context, answer, placed?.accountId ?? missing('order', orderId, answer.at));
}

/** The trades that a command executed; for a dry run, those that it would execute. */
export function tradesAfter({ result, at }: CommandAnswer<unknown>): TradeAt[] {
  const trades = result.decided.filter(({ type }) => type === 'TradeExecuted');
  return trades.map((event) => toTradeAt(toTrade(event), at));
}

/** The maximum number of trades that `Order.fills` returns. */
export const fillsMax = 10_000;

/**
 * The trades of an order in the order of execution, preceded by those of the orders that it
 * replaced, as far back as its filled quantity counts them. Throws TOO_MANY_FILLS if there are more
 * than 10,000.
 */
export async function readFills(
  context: RequestContext,
  { order, at }: OrderAt,
): Promise<readonly Trade[]> {
  await context.waitForViews(at);
  const fills: Trade[] = [];
  let current: Order | null = order;
  let missingQuantity = order.filledQuantity;
  while (current !== null && !isZero(missingQuantity)) {
    const own = await readOwnFills(context, current, at);
    fills.unshift(...own);
    if (fills.length > fillsMax) {
      throw codedError('TOO_MANY_FILLS', `order ${order.id} has more than ${fillsMax} trades`);
    }
    for (const { quantity } of own) missingQuantity = difference(missingQuantity, quantity);
    current = current.replaces === null ? null : await replacedOf(context, current.replaces, at);
  }
  return fills;
}

async function replacedOf(
  context: RequestContext,
  id: string,
  at: ReadPoint,
): Promise<Order | null> {
  return (await readOrder(context, id, at))?.order ?? null;
}

async function readOwnFills(
  { views }: RequestContext,
  { id, side }: Order,
  at: ReadPoint,
): Promise<readonly Trade[]> {
  const list = side === 'BUY' ? 'BUY_ORDER' : 'SELL_ORDER';
  const request = { view: tradesView, list, prefix: `${id} `, documentsMax: fillsMax };
  return readWholeList(views, request, at);
}

/** Throws, because something that must exist is not in the views. */
export function missing(kind: string, id: string, at: ReadPoint): never {
  throw new Error(`${kind} ${id} is not in the views at sequence ${baseSequenceOf(at)}`);
}

/** The sum of decimals; '0' if there are none. */
export function total(values: readonly string[]): string {
  return values.reduce(sum, '0');
}
