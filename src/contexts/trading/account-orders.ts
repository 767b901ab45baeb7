import type { CommandContext } from '../../kernel/command.ts';
import { type SortedMap, visit } from '../../lib/sorted-map.ts';
import { accountDecider } from '../accounts/account.ts';
import { type Book, bookDecider } from './book.ts';
import type { OpenOrder } from './book-order.ts';
import { type Market, openMarket } from './market.ts';
import { cancelOpen, expire } from './open-orders.ts';
import { orderDecider } from './order.ts';

/** An open order and the market in which it is open. */
export interface AccountOrder {
  readonly market: Market;
  readonly order: OpenOrder;
}

/**
 * The open orders of an account in all markets, those that wait for a price included: by instrument,
 * and in each in the order in which they came.
 */
export function openOrdersOf(context: CommandContext, accountId: string): readonly AccountOrder[] {
  const symbols = symbolsOf(context, accountId);
  context.prepare(bookDecider, symbols);
  return symbols.flatMap((symbol) => {
    const book = context.load(bookDecider, symbol).state;
    if (book === null) return [];
    const market = openMarket(context, symbol);
    return openOrdersIn(book, accountId).map((order) => ({ market, order }));
  });
}

/** Takes all open orders of an account out of their markets. */
export function cancelAll(context: CommandContext, accountId: string, reason: string): void {
  for (const { market, order } of openOrdersOf(context, accountId)) {
    if (order.expiresAt !== null && order.expiresAt <= market.now) expire(market, order);
    else cancelOpen(market, order, reason);
  }
}

/** The open orders of an account in one book, in the order in which they came. Looks at every order. */
export function openOrdersIn(book: Book, accountId: string): readonly OpenOrder[] {
  const found: OpenOrder[] = [];
  function look(order: OpenOrder): boolean {
    if (order.accountId === accountId) found.push(order);
    return true;
  }
  for (const queue of [book.bids, book.asks, book.buyStops, book.sellStops]) {
    visit<number, SortedMap<number, OpenOrder>>(queue, (orders) => visit(orders, look));
  }
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
