import type { ICancelOrder, IProcessOrder } from 'nodejs-order-book';
import { describe, expect, test } from 'vitest';
import type { Book, BookEvent } from '../../../src/contexts/trading/matching/book.ts';
import type { RestingOrder } from '../../../src/contexts/trading/matching/book-order.ts';
import { visit } from '../../../src/lib/sorted-map.ts';
import { createExchange } from '../../support/bare-market.ts';
import { createOrderFlow, type FlowOptions, type FlowRequest } from '../../support/order-flow.ts';
import { createPeerBook, type PeerBook, submitToPeer } from '../../support/peer-book.ts';

/**
 * Compares the matching decider with another order book on the same orders. For these orders the
 * other book follows price-time priority exactly, so no difference is allowed. Two features of its
 * answers are handled: a filled incoming order is listed among the orders that filled it, and
 * `partial` is the incoming order if it is not filled completely.
 */
const books: readonly Omit<FlowOptions, 'seed'>[] = [
  // Few resting orders, large quantities: sides become empty, and market orders are left unfilled.
  { resting: 12, levels: 6, lotsMax: 50 },
  // Few prices with long queues.
  { resting: 400, levels: 8, lotsMax: 9 },
  // Many prices with few orders at each.
  { resting: 1_000, levels: 700, lotsMax: 100 },
];
const orders = 3_000;

interface Trade {
  readonly maker: string;
  readonly ticks: number;
  readonly lots: number;
}

interface Rest {
  readonly id: string;
  readonly ticks: number;
  readonly lots: number;
}

describe.each(books)('with about %j', (options) => {
  test.each([1, 2, 3, 4])('orders trade and rest as in another order book, seed %i', (seed) => {
    const exchange = createExchange();
    const peer = createPeerBook();
    const flow = createOrderFlow({ ...options, seed }, exchange);
    const seen = { trades: 0, unfilled: 0, cancels: 0 };
    for (let count = -options.resting; count < orders; count += 1) {
      const request = count < 0 ? flow.nextPassive() : flow.next();
      const events = exchange.submit(request);
      const trades = tradesOf(events);
      expect(trades, JSON.stringify(request)).toEqual(
        peerTradesOf(submitToPeer(peer, request), request),
      );
      if (count % 50 === 0) expect(restOf(exchange.book())).toEqual(peerRestOf(peer));
      seen.trades += trades.length;
      if (request.kind === 'CANCEL') seen.cancels += 1;
      else if (events.at(-1)?.type === 'OrderCanceled') seen.unfilled += 1;
    }
    expect(restOf(exchange.book())).toEqual(peerRestOf(peer));
    expect(exchange.count()).toBe(peerRestOf(peer).length);
    expect(seen.trades).toBeGreaterThan(orders / 2);
    expect(Math.min(seen.unfilled, seen.cancels)).toBeGreaterThan(orders / 100);
  });
});

function tradesOf(events: readonly BookEvent[]): readonly Trade[] {
  return events.flatMap(({ type, data }) => {
    if (type !== 'TradeExecuted') return [];
    const maker = data.aggressor === 'BUY' ? data.sellOrderId : data.buyOrderId;
    return [{ maker, ticks: Math.round(Number(data.price) * 100), lots: Number(data.quantity) }];
  });
}

function peerTradesOf(
  answer: IProcessOrder | ICancelOrder | undefined,
  request: FlowRequest,
): readonly Trade[] {
  if (answer === undefined || !('done' in answer)) return [];
  const makers = (answer.done as NonNullable<IProcessOrder['partial']>[]).filter(
    ({ id }) => id !== request.id,
  );
  const trades = makers.map(({ id, price, size }) => ({ maker: id, ticks: price, lots: size }));
  const { partial, partialQuantityProcessed: lots } = answer;
  if (partial === null || partial.id === request.id) return trades;
  return [...trades, { maker: partial.id, ticks: partial.price, lots }];
}

function restOf({ bids, asks }: Book): readonly Rest[] {
  const rest: Rest[] = [];
  function take({ id, price, leaves }: RestingOrder): boolean {
    rest.push({ id, ticks: price, lots: leaves });
    return true;
  }
  for (const side of [bids, asks]) visit(side, (queue) => visit(queue, take));
  return rest;
}

function peerRestOf(peer: PeerBook): readonly Rest[] {
  const { bids, asks } = peer.snapshot();
  return [...bids, ...asks].flatMap((level) =>
    level.orders.map(({ id, price, size }) => ({ id, ticks: price, lots: size })),
  );
}
