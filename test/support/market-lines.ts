import Big from 'big.js';
import { instrumentDecider } from '../../src/contexts/market/instrument.ts';
import { valuesOf } from '../../src/contexts/trading/matching/agenda.ts';
import { type Book, bookDecider, type Queue } from '../../src/contexts/trading/matching/book.ts';
import { averagePriceOf, type Order } from '../../src/contexts/trading/order.ts';
import { visit } from '../../src/lib/sorted-map.ts';
import type { Exchange } from './exchange.ts';
import type { Reference } from './reference.ts';
import { isOpen, leavesOf } from './reference-terms.ts';

/** Returns the ids of the open orders in turn: bids, asks, and stop orders that wait. */
export function turnsIn(book: Book | null): readonly string[] {
  if (book === null) return ['', '', ''];
  const stops = [...valuesOf(book.buyStops), ...valuesOf(book.sellStops)];
  stops.sort((a, b) => a.priority - b.priority);
  const queues = [ordersIn(book.bids), ordersIn(book.asks), stops];
  return queues.map((orders) => orders.map(({ id }) => id).join(' '));
}

function ordersIn<Order>(queue: Queue<Order>): Order[] {
  const orders: Order[] = [];
  visit(queue, (rank) => visit(rank, (order) => orders.push(order) > 0));
  return orders;
}

/** Returns the trades of the market, one line each. */
export function tradesOf(x: Exchange): readonly string[] {
  return x.trades().map((trade) => {
    const { symbol, buyer, seller, quantity, price } = trade;
    const { buyAmount, buyFee, sellAmount, sellFee } = trade;
    const texts = [quantity, price, buyAmount, buyFee, sellAmount, sellFee];
    return [symbol, buyer, seller, ...texts.map((text) => Big(text).toFixed())].join(' ');
  });
}

/** Returns the trades of the reference, one line each. */
export function tradesThere({ trades }: Reference): readonly string[] {
  return trades.map((trade) => {
    const { symbol, buyer, seller, quantity, price } = trade;
    const { buyAmount, buyFee, sellAmount, sellFee } = trade;
    const numbers = [quantity, price, buyAmount, buyFee, sellAmount, sellFee];
    return [symbol, buyer, seller, ...numbers.map((number) => number.toFixed())].join(' ');
  });
}

/** Returns an order of the market as one line. */
export function toLine(order: Order): string {
  const { id, status, filledQuantity, leavesQuantity, reason, quantity } = order;
  const numbers = [quantity, filledQuantity, leavesQuantity].map((text) => Big(text).toFixed());
  const why = reason === 'SELF_TRADE' ? reason : '';
  return `${id} ${status} ${numbers.join(' ')} ${averagePriceOf(order)} ${why}`;
}

/** Returns the orders of the reference, one line each. */
export function ordersThere({ orders }: Reference): readonly string[] {
  return orders.map((order) => {
    const { id, status, filled, value, reason, quantity } = order;
    const leaves = isOpen(order) ? leavesOf(order) : Big(0);
    const numbers = [quantity, filled, leaves].map((number) => number.toFixed());
    const mean = filled.gt(0) ? value.div(filled).round(8, Big.roundHalfUp).toFixed() : null;
    return `${id} ${status} ${numbers.join(' ')} ${mean} ${reason === 'SELF_TRADE' ? reason : ''}`;
  });
}

/** Returns an account's cash and shares in the reference, one line each. */
export function accountThere(
  reference: Reference,
  { symbols, digits }: { readonly symbols: readonly string[]; readonly digits: number },
  id: string,
): readonly string[] {
  const account = reference.accounts.get(id);
  const balance = account?.balance.toFixed(digits);
  return [
    `${balance} (held ${reference.heldCash(id).toFixed(digits)})`,
    ...symbols.map((symbol) => {
      const quantity = account?.shares.get(symbol) ?? Big(0);
      return `${quantity.toFixed()} (held ${reference.heldShares(id, symbol).toFixed()})`;
    }),
  ];
}

/** Returns the last price of an instrument in the market; undefined if there is none. */
export function lastPriceOf({ world }: Exchange, symbol: string): string | undefined {
  const book = world.stateOf(bookDecider, symbol);
  const instrument = world.stateOf(instrumentDecider, symbol);
  const price = book === null ? instrument?.lastPrice : book.lastPrice;
  return price == null ? undefined : Big(price).toFixed();
}
