import type { CommandContext } from '../../../kernel/command.ts';
import { visit } from '../../../lib/sorted-map.ts';
import { accountDecider } from '../../accounts/account.ts';
import { instrumentDecider } from '../../market/instrument.ts';
import { orderDecider } from '../order.ts';
import { type Book, bookDecider, countOrders } from './book.ts';
import type { OpenOrder } from './book-order.ts';
import { cancelOpen, expire } from './open-orders.ts';
import type { MarketSession } from './session.ts';

/** Returns the instruments in which an account has open orders, and the total number of orders. */
export function openOrdersOf(
  context: CommandContext,
  accountId: string,
): { readonly symbols: readonly string[]; readonly count: number } {
  const symbols = symbolsOf(context, accountId);
  context.prepare(bookDecider, symbols);
  const counts = symbols.map((symbol) => {
    const book = context.load(bookDecider, symbol).state;
    return { symbol, count: book === null ? 0 : countOrders(book, accountId) };
  });
  const open = counts.filter(({ count }) => count > 0);
  context.prepare(
    instrumentDecider,
    open.map(({ symbol }) => symbol),
  );
  const count = open.reduce((sum, each) => sum + each.count, 0);
  return { symbols: open.map(({ symbol }) => symbol), count };
}

/**
 * Cancels the open orders of an account in a market, up to the number of steps that the command has
 * left. Returns whether that was all of them.
 */
export function cancelOrders(market: MarketSession, accountId: string, reason: string): boolean {
  const { context, now } = market;
  const orders = openOrdersIn(market.book(), accountId);
  const some = orders.slice(0, Math.max(0, context.stepsLeft()));
  for (const order of some) {
    if (order.expiresAt !== null && order.expiresAt <= now) expire(market, order);
    else cancelOpen(market, order, reason);
  }
  context.spendSteps(some.length);
  return some.length === orders.length;
}

/**
 * Returns the open orders of an account in a book, oldest first. Visits every order of the book.
 */
export function openOrdersIn(book: Book, accountId: string): readonly OpenOrder[] {
  const found: OpenOrder[] = [];
  function look(order: OpenOrder): boolean {
    if (order.accountId === accountId) found.push(order);
    return true;
  }
  for (const queue of [book.bids, book.asks]) visit(queue, (orders) => visit(orders, look));
  for (const stops of [book.buyStops, book.sellStops]) visit(stops, look);
  return found.sort((a, b) => a.priority - b.priority);
}

function symbolsOf(context: CommandContext, accountId: string): readonly string[] {
  const { state } = context.load(accountDecider, accountId);
  if (state === null) return [];
  const { markets, olderOrders } = state;
  context.prepare(orderDecider, olderOrders);
  const older = olderOrders.map((id) => context.load(orderDecider, id).state?.symbol ?? []);
  return [...new Set([...markets, ...older.flat()])].sort();
}
