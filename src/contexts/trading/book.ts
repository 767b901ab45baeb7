import type { Decider } from '../../kernel/decider.ts';
import {
  emptyMap,
  first,
  get,
  isEmpty,
  remove,
  type SortedMap,
  set,
} from '../../lib/sorted-map.ts';
import { parseStep, type Step, toSteps } from '../../lib/steps.ts';
import type { StoredMarketEvent } from '../market/events.ts';
import type { StoredTrading, StoredTradingEvent, TradingEvent } from './events.ts';
import type { OrderType, Side, TimeInForce } from './order.ts';

/** What the book knows of an order; prices in ticks, quantities in lots. */
export type BookOrder = {
  readonly id: string;
  readonly accountId: string;
  readonly side: Side;
  readonly priority: number;
  readonly leaves: number;
  readonly filled: number;
  /** Ticks times lots of what has been traded, as decimal digits: may exceed 2^53. */
  readonly value: string;
  /** Cash reserved for it; '0' for an order to sell. */
  readonly held: string;
  readonly expiresAt: string | null;
};

/** An order in the book, to be traded at its price or better. */
export type RestingOrder = BookOrder & { readonly price: number };

/** An order that waits for a price. */
export type StopOrder = BookOrder & {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly stop: number;
  readonly limit: number | null;
};

/** Orders of one rank, first come first; ranks so that the one to be taken first is the least. */
export type Queue<Order> = SortedMap<number, SortedMap<number, Order>>;

/** The open orders of one instrument after some of its events. */
export type Book = {
  readonly symbol: string;
  readonly tick: Step;
  readonly lot: Step;
  /** By price: the highest bid and the lowest ask come first. */
  readonly bids: Queue<RestingOrder>;
  readonly asks: Queue<RestingOrder>;
  /** By stop price: the lowest to buy and the highest to sell come first. */
  readonly buyStops: Queue<StopOrder>;
  readonly sellStops: Queue<StopOrder>;
  /** Where each open order is. */
  readonly places: SortedMap<string, Place>;
  /** That of the next order that comes in. */
  readonly priority: number;
  /** Of the last trade, or recorded since; need not be a whole number of ticks. */
  readonly lastPrice: string | null;
  readonly lastPriceAt: string | null;
};

type QueueName = 'bids' | 'asks' | 'buyStops' | 'sellStops';

export type Place = {
  readonly queue: QueueName;
  readonly rank: number;
  readonly priority: number;
};

export type Trade = Extract<StoredMarketEvent, { type: 'TradeExecuted' }>;
export type BookEvent = StoredTradingEvent | Trade;

/** The stream of one instrument's book, by its symbol. Null: no order has come yet. */
export const bookDecider: Decider<Book | null, TradingEvent | Trade> = {
  category: 'book',
  version: 1,
  initial: null,
  evolve: (book, event) => evolveBook(book, event as BookEvent),
};

/** The book after one more of its events. Costs O(log n) of the orders in it. */
export function evolveBook(book: Book | null, event: BookEvent): Book {
  if (event.type === 'BookOpened') return openBook(event);
  if (book === null) throw new Error(`${event.streamId} begins with ${event.type}`);
  switch (event.type) {
    case 'OrderBooked':
      return addOrder(book, toResting(book, event));
    case 'OrderHeld':
      return addStop(book, toStop(book, event));
    case 'TradeExecuted':
      return trade(book, event);
    case 'ReferencePriceSet':
      return { ...book, lastPrice: event.data.price, lastPriceAt: event.occurredAt };
    case 'OrderTriggered':
    case 'OrderCanceled':
    case 'OrderExpired':
    case 'OrderReplaced':
      return removeOrder(book, event.data.orderId);
    default:
      throw new Error(`${event.type} is not an event of a book`);
  }
}

/** The order of an id; null when it is not open. */
export function findOrder(book: Book, id: string): RestingOrder | StopOrder | null {
  const place = get(book.places, id);
  if (place === undefined) return null;
  const rank = get<number, SortedMap<number, RestingOrder | StopOrder>>(
    book[place.queue],
    place.rank,
  );
  return (rank && get(rank, place.priority)) ?? null;
}

export function isStop(order: RestingOrder | StopOrder): order is StopOrder {
  return 'stop' in order;
}

/** The order that is the first of a queue. */
export function firstOf<Order>(queue: Queue<Order>): Order | null {
  const rank = first(queue);
  return (rank && first(rank[1])?.[1]) ?? null;
}

/** The side against which an order of the given side trades. */
export function oppositeOf(book: Book, side: Side): Queue<RestingOrder> {
  return side === 'BUY' ? book.asks : book.bids;
}

/** A book without orders. */
export function openBook({ data }: Pick<StoredTrading<'BookOpened'>, 'data'>): Book {
  return {
    symbol: data.symbol,
    tick: stepOf(data.tickSize),
    lot: stepOf(data.lotSize),
    bids: emptyMap(),
    asks: emptyMap(),
    buyStops: emptyMap(),
    sellStops: emptyMap(),
    places: emptyMap(),
    priority: 1,
    lastPrice: data.lastPrice,
    lastPriceAt: data.lastPriceAt,
  };
}

function toResting(book: Book, { data }: StoredTrading<'OrderBooked'>): RestingOrder {
  return { ...toBookOrder(book, data), price: stepsOf(data.price, book.tick) };
}

function toStop(book: Book, { data }: StoredTrading<'OrderHeld'>): StopOrder {
  const { limitPrice } = data;
  return {
    ...toBookOrder(book, data),
    type: data.orderType as OrderType,
    timeInForce: data.timeInForce as TimeInForce,
    stop: stepsOf(data.stopPrice, book.tick),
    limit: limitPrice === null ? null : stepsOf(limitPrice, book.tick),
  };
}

function toBookOrder(
  book: Book,
  data: StoredTrading<'OrderBooked' | 'OrderHeld'>['data'],
): BookOrder {
  const filled = stepsOf(data.filledQuantity, book.lot);
  return {
    id: data.orderId,
    accountId: data.accountId,
    side: data.side as Side,
    priority: data.priority,
    leaves: stepsOf(data.leavesQuantity, book.lot),
    filled,
    value: filled === 0 ? '0' : toValue(book, data.filledValue),
    held: data.held,
    expiresAt: data.expiresAt,
  };
}

/** The sum of price times quantity as ticks times lots. */
function toValue({ tick, lot }: Book, filledValue: string): string {
  const [whole = '', fraction = ''] = filledValue.split('.');
  const scaled = BigInt(whole + fraction.padEnd(tick.digits + lot.digits, '0'));
  return String(scaled / (BigInt(tick.units) * BigInt(lot.units)));
}

function addOrder(book: Book, order: RestingOrder): Book {
  const [queue, rank] =
    order.side === 'BUY' ? (['bids', -order.price] as const) : (['asks', order.price] as const);
  return { ...place(book, order, { queue, rank }), [queue]: enqueue(book[queue], rank, order) };
}

function addStop(book: Book, order: StopOrder): Book {
  const [queue, rank] =
    order.side === 'BUY'
      ? (['buyStops', order.stop] as const)
      : (['sellStops', -order.stop] as const);
  return { ...place(book, order, { queue, rank }), [queue]: enqueue(book[queue], rank, order) };
}

function place(book: Book, { id, priority }: BookOrder, at: Omit<Place, 'priority'>): Book {
  return {
    ...book,
    places: set(book.places, id, { ...at, priority }),
    priority: Math.max(book.priority, priority + 1),
  };
}

function trade(book: Book, { data, occurredAt }: Trade): Book {
  const price = stepsOf(data.price, book.tick);
  const moved = { ...book, lastPrice: data.price, lastPriceAt: occurredAt };
  const id = data.aggressor === 'BUY' ? data.sellOrderId : data.buyOrderId;
  const at = get(book.places, id);
  if (at === undefined) throw new Error(`order ${id} is not in the book`);
  const queue = at.queue === 'bids' ? 'bids' : 'asks';
  const rank = get(book[queue], at.rank);
  const order = rank && get(rank, at.priority);
  if (order === undefined) throw new Error(`order ${id} is not in its place`);
  const lots = stepsOf(data.quantity, book.lot);
  if (lots >= order.leaves) return removeOrder(moved, id);
  const traded: RestingOrder = {
    ...order,
    leaves: order.leaves - lots,
    filled: order.filled + lots,
    value: addValue(order.value, price, lots),
    held: data.aggressor === 'BUY' ? order.held : data.buyHeld,
  };
  return { ...moved, [queue]: enqueue(book[queue], at.rank, traded) };
}

/** A sum of prices times quantities, with one more of them. */
export function addValue(value: string, price: number, lots: number): string {
  const sum = Number(value) + price * lots;
  return Number.isSafeInteger(sum)
    ? String(sum)
    : String(BigInt(value) + BigInt(price) * BigInt(lots));
}

function removeOrder(book: Book, id: string): Book {
  const at = get(book.places, id);
  // What was canceled on arrival has never been here.
  if (at === undefined) return book;
  const queue: Queue<unknown> = book[at.queue];
  const rank = remove(get(queue, at.rank) ?? emptyMap<number, unknown>(), at.priority);
  return {
    ...book,
    [at.queue]: isEmpty(rank) ? remove(queue, at.rank) : set(queue, at.rank, rank),
    places: remove(book.places, id),
  };
}

function enqueue<Order extends BookOrder>(
  queue: Queue<Order>,
  rank: number,
  order: Order,
): Queue<Order> {
  const orders = get(queue, rank) ?? emptyMap<number, Order>();
  return set(queue, rank, set(orders, order.priority, order));
}

function stepOf(text: string): Step {
  return parseStep(text) ?? fail(`${text} is not a step`);
}

function stepsOf(text: string, step: Step): number {
  return toSteps(text, step) ?? fail(`${text} is not a whole number of steps`);
}

function fail(message: string): never {
  throw new Error(message);
}
