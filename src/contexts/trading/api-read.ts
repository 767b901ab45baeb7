import type { ApiContext } from '../../api/context.ts';
import { codedError } from '../../api/errors.ts';
import { readWholeList } from '../../api/whole-list.ts';
import type { CommandResult } from '../../commands/request.ts';
import type { StoredEvent } from '../../kernel/event.ts';
import { difference, isZero, sum } from '../../lib/decimal.ts';
import { parseUuid } from '../../lib/uuid.ts';
import type { AccountAt } from '../accounts/api-account.ts';
import { accountAfter } from '../accounts/api-commands.ts';
import { evolveOrder, type Order, type OrderEvent, orderDecider } from './order.ts';
import { orderIdsOf, ordersView } from './orders-view.ts';
import { type Trade, toTrade, tradesView } from './trades-view.ts';

/** An order at a sequence: what is nested in it answers at the same one. */
export interface OrderAt extends Showing {
  readonly typename: 'Order';
  readonly order: Order;
}

/** A trade, and the sequence at which its orders are shown. */
export interface TradeAt extends Showing {
  readonly typename: 'Trade';
  readonly trade: Trade;
}

/** What else there is beside an order or a trade. */
export interface Showing {
  readonly at: number;
  /** What a dry run has decided, on top of what is there at the sequence; null: nothing. */
  readonly dryRun: CommandResult | null;
}

export function toOrderAt(order: Order, at: number, dryRun: CommandResult | null = null): OrderAt {
  return { typename: 'Order', order, at, dryRun };
}

export function toTradeAt(trade: Trade, at: number, dryRun: CommandResult | null = null): TradeAt {
  return { typename: 'Trade', trade, at, dryRun };
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

/** The order of an id that something else names: it is there, or would be. */
export async function orderOf(
  context: ApiContext,
  id: string,
  { at, dryRun }: Showing,
): Promise<OrderAt> {
  if (dryRun !== null) return orderAfter(context, dryRun, id);
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
export function orderAfter(
  context: ApiContext,
  result: CommandResult,
  id: string,
): OrderAt | Promise<OrderAt> {
  const { sequence, decided } = result;
  const dryRun = dryRunOf(result);
  const about = decided.filter((event) => orderIdsOf(event).includes(id));
  const placed = result.stateOf(orderDecider, id);
  if (dryRun !== null) return orderWouldBe(context, { result, id, about, placed });
  if (placed === null || about.length === 0) return orderOf(context, id, { at: sequence, dryRun });
  return toOrderAt(afterAll(placed, about, id), sequence);
}

interface Decided {
  readonly result: CommandResult;
  readonly id: string;
  readonly about: readonly StoredEvent[];
  readonly placed: Order | null;
}

/** The order as the views have it, and what a dry run would make of it. */
async function orderWouldBe(
  context: ApiContext,
  { result, id, about, placed }: Decided,
): Promise<OrderAt> {
  const { sequence } = result;
  await context.reach(sequence);
  const known = await findOrder(context, id, sequence);
  const before = known?.order ?? placed ?? missing('order', id, sequence);
  return toOrderAt(afterAll(before, about, id), sequence, result);
}

function afterAll(before: Order, events: readonly StoredEvent[], id: string): Order {
  return events.reduce(
    (order, event) => evolveOrder(order, event as OrderEvent, id) ?? order,
    before,
  );
}

/** What has been decided and will not be recorded; null: there is nothing of that kind. */
function dryRunOf(result: CommandResult): CommandResult | null {
  return result.dryRun && !result.replayed ? result : null;
}

/** The account of an order right after a command. */
export function findAccountOf(
  context: ApiContext,
  result: CommandResult,
  orderId: string,
): AccountAt | Promise<AccountAt> {
  const placed = result.stateOf(orderDecider, orderId);
  if (placed !== null) return accountAfter(context, result, placed.accountId);
  return orderOf(context, orderId, { at: result.sequence, dryRun: null }).then(({ order }) =>
    accountAfter(context, result, order.accountId),
  );
}

/** The trades that a command has led to, or would. */
export function tradesAfter(result: CommandResult): TradeAt[] {
  const dryRun = dryRunOf(result);
  return tradesIn(result).map((trade) => toTradeAt(trade, result.sequence, dryRun));
}

function tradesIn({ decided }: CommandResult): readonly Trade[] {
  return decided.filter(({ type }) => type === 'TradeExecuted').map(toTrade);
}

const fillsMax = 10_000;

/**
 * The trades of an order in the order of execution, and before them those of the orders whose places
 * it has taken, as far as its filled quantity counts them.
 */
export async function readFills(
  context: ApiContext,
  { order, at, dryRun }: OrderAt,
): Promise<readonly Trade[]> {
  await context.reach(at);
  const fills: Trade[] = [];
  let current: Order | null = order;
  let missingQuantity = order.filledQuantity;
  while (current !== null && !isZero(missingQuantity)) {
    const own = await readOwnFills(context, current, { at, dryRun });
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

async function readOwnFills(
  { views }: ApiContext,
  { id, side }: Order,
  { at, dryRun }: Showing,
): Promise<readonly Trade[]> {
  const list = side === 'BUY' ? 'BUY_ORDER' : 'SELL_ORDER';
  const request = { view: tradesView, list, prefix: `${id} `, documentsMax: fillsMax };
  const fills = await readWholeList(views, request, at);
  if (dryRun === null) return fills;
  const more = tradesIn(dryRun).filter(
    ({ buyOrderId, sellOrderId }) => buyOrderId === id || sellOrderId === id,
  );
  return [...fills, ...more];
}

/** What must be there, but is not in the views. */
export function missing(kind: string, id: string, at: number): never {
  throw new Error(`${kind} ${id} is not in the views at ${at}`);
}

/** The sum of decimals. */
export function total(values: readonly string[]): string {
  return values.reduce(sum, '0');
}
