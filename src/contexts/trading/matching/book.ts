import type { Decider } from '../../../kernel/decider.ts';
import { throwUpgradeNeeded } from '../../../kernel/upgrade-needed.ts';
import { isZero } from '../../../lib/decimal.ts';
import {
  emptyMap,
  first,
  get,
  isEmpty,
  remove,
  type SortedMap,
  set,
  update,
} from '../../../lib/sorted-map.ts';
import type { Step } from '../../../lib/steps.ts';
import type { StoredMarketEvent } from '../../market/events.ts';
import { symbolFault } from '../../market/symbol.ts';
import type { StoredTrading, StoredTradingEvent, TradingEvent } from '../events.ts';
import type { Side } from '../order.ts';
import { type Agenda, evolveAgenda, withoutTaker } from './agenda.ts';
import {
  afterTrade,
  isStop,
  type OpenOrder,
  type RestingOrder,
  type StopOrder,
  stepOf,
  stepsOf,
  toResting,
  toStop,
} from './book-order.ts';

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
  /** By priority: those that came first enter first, of all whose price is reached. */
  readonly buyStops: SortedMap<number, StopOrder>;
  readonly sellStops: SortedMap<number, StopOrder>;
  /** Where each open order is. */
  readonly places: SortedMap<string, QueuePosition>;
  /** How many open orders each account has. */
  readonly counts: SortedMap<string, number>;
  /** What earlier commands have left to be done before anything else; null: nothing. */
  readonly agenda: Agenda | null;
  /** That of the next order that comes in. */
  readonly priority: number;
  /** Of the last trade, or recorded since; need not be a whole number of ticks. */
  readonly lastPrice: string | null;
  readonly lastPriceAt: string | null;
};

type QueueName = 'bids' | 'asks' | 'buyStops' | 'sellStops';

export type QueuePosition = {
  readonly queue: QueueName;
  /** Its price, for the orders that rest; 0 for stop orders. */
  readonly rank: number;
  readonly priority: number;
};

export type Trade = Extract<StoredMarketEvent, { type: 'TradeExecuted' }>;
export type BookEvent = StoredTradingEvent | Trade;

/** The stream of one instrument's book, by its symbol. Null: no order has come yet. */
export const bookDecider: Decider<Book | null, TradingEvent | Trade> = {
  category: 'book',
  idFault: symbolFault,
  version: 3,
  initial: null,
  evolve: (book, event) => evolveBook(book, event as BookEvent),
};

/** The book after one more of its events. Costs O(log n) of the orders in it. */
export function evolveBook(book: Book | null, event: BookEvent): Book {
  if (event.type === 'BookOpened') return openBook(event);
  if (book === null) throw new Error(`${event.streamId} begins with ${event.type}`);
  const next = copyOf(book);
  switch (event.type) {
    case 'OrderBooked':
      addOrder(next, toResting(book, event));
      break;
    case 'OrderHeld':
      addStop(next, toStop(book, event));
      break;
    case 'TradeExecuted':
      trade(next, event);
      break;
    case 'ReferencePriceSet':
      next.lastPrice = event.data.price;
      next.lastPriceAt = event.occurredAt;
      break;
    case 'OrderTriggered':
    case 'OrderCanceled':
    case 'OrderExpired':
    case 'OrderReplaced':
      removeOrder(next, event.data.orderId, event.data.accountId);
      break;
    case 'OrderPaused':
    case 'StopsReached':
    case 'PriceQueued':
    case 'CancelsQueued':
    case 'MatchingPaused':
    case 'MatchingFinished':
      next.agenda = evolveAgenda(book, event);
      break;
    case 'OrderPlaced':
    case 'OrderRejected':
    case 'ClientOrderIdAssigned':
      throw new Error(`${event.type} is not an event of a book`);
    default:
      return throwUpgradeNeeded(event);
  }
  return next;
}

/** A book that is still being made, and that nobody else has yet. */
type Draft = { -readonly [Name in keyof Book]: Book[Name] };

/** Written out, as all that is copied for every event here: a spread takes six times as long. */
function copyOf(book: Book): Draft {
  return {
    symbol: book.symbol,
    tick: book.tick,
    lot: book.lot,
    bids: book.bids,
    asks: book.asks,
    buyStops: book.buyStops,
    sellStops: book.sellStops,
    places: book.places,
    counts: book.counts,
    agenda: book.agenda,
    priority: book.priority,
    lastPrice: book.lastPrice,
    lastPriceAt: book.lastPriceAt,
  };
}

/** The order of an id; null when it is not open. */
export function findOrder(book: Book, id: string): OpenOrder | null {
  const place = get(book.places, id);
  if (place === undefined) return null;
  if (isStopQueue(place.queue)) return get(book[place.queue], place.priority) ?? null;
  const orders = get<number, SortedMap<number, OpenOrder>>(book[place.queue], place.rank);
  return (orders && get(orders, place.priority)) ?? null;
}

/** How many orders an account has open in the book, one that is still coming in included. */
export function countOrders({ counts, agenda }: Book, accountId: string): number {
  const entering = agenda?.taker?.accountId === accountId ? 1 : 0;
  return (get(counts, accountId) ?? 0) + entering;
}

/** The order that is the first of a queue. */
export function firstOf<Order>(queue: Queue<Order>): Order | null {
  const orders = first(queue);
  return (orders && first(orders)) ?? null;
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
    counts: emptyMap(),
    agenda: null,
    priority: 1,
    lastPrice: data.lastPrice,
    lastPriceAt: data.lastPriceAt,
  };
}

function isStopQueue(queue: QueueName): queue is 'buyStops' | 'sellStops' {
  return queue === 'buyStops' || queue === 'sellStops';
}

function addOrder(book: Draft, order: RestingOrder): void {
  const queue = order.side === 'BUY' ? 'bids' : 'asks';
  addPlace(book, order, { queue, rank: rankOf(queue, order.price), priority: order.priority });
}

function addStop(book: Draft, order: StopOrder): void {
  const queue = order.side === 'BUY' ? 'buyStops' : 'sellStops';
  addPlace(book, order, { queue, rank: 0, priority: order.priority });
}

/** Such that what is to be taken first has the least. */
function rankOf(queue: 'bids' | 'asks', price: number): number {
  return queue === 'bids' ? -price : price;
}

function addPlace(book: Draft, order: OpenOrder, place: QueuePosition): void {
  putOrder(book, place, order);
  book.places = set(book.places, order.id, place);
  addCount(book, order.accountId, 1);
  if (book.agenda?.taker?.id === order.id) book.agenda = withoutTaker(book.agenda);
  if (place.priority >= book.priority) book.priority = place.priority + 1;
}

/** Puts an order in its place; null takes away the one that is there. */
function putOrder(book: Draft, place: QueuePosition, order: OpenOrder | null): void {
  const { queue, rank, priority } = place;
  if (isStopQueue(queue)) {
    const stop = order === null || !isStop(order) ? undefined : order;
    const changed = update(book[queue], priority, () => stop);
    if (queue === 'buyStops') book.buyStops = changed;
    else book.sellStops = changed;
    return;
  }
  const changed = update<number, SortedMap<number, OpenOrder>>(book[queue], rank, (known) => {
    const before = known ?? emptyMap<number, OpenOrder>();
    const orders = order === null ? remove(before, priority) : set(before, priority, order);
    return isEmpty(orders) ? undefined : orders;
  });
  // By its name, which takes a third of the time of a computed one.
  if (queue === 'bids') book.bids = changed as Queue<RestingOrder>;
  else book.asks = changed as Queue<RestingOrder>;
}

function addCount(book: Draft, accountId: string, change: 1 | -1): void {
  book.counts = update(book.counts, accountId, (known = 0) =>
    known + change > 0 ? known + change : undefined,
  );
}

function trade(book: Draft, { data, occurredAt }: Trade): void {
  const price = stepsOf(data.price, book.tick);
  const order = makerOf(book, data, price);
  const lots = stepsOf(data.quantity, book.lot);
  book.lastPrice = data.price;
  book.lastPriceAt = occurredAt;
  if (book.agenda?.taker != null) endTaker(book, data);
  if (lots >= order.leaves) {
    removeOrder(book, order.id, order.accountId);
    return;
  }
  const queue = order.side === 'BUY' ? 'bids' : 'asks';
  const rank = rankOf(queue, order.price);
  const traded = afterTrade(order, data, { price, lots });
  putOrder(book, { queue, rank, priority: order.priority }, traded);
}

/** The resting order of a trade: the first in turn, so that no search by its id is needed. */
function makerOf(book: Book, data: Trade['data'], price: number): RestingOrder {
  const isBuying = data.aggressor === 'BUY';
  const id = isBuying ? data.sellOrderId : data.buyOrderId;
  const orders = isBuying ? get(book.asks, price) : get(book.bids, -price);
  const order = (orders && first(orders)) ?? null;
  const maker = order?.id === id ? order : findOrder(book, id);
  if (maker === null || isStop(maker)) throw new Error(`order ${id} is not in the book`);
  return maker;
}

/** An order that was still coming in is filled: it has left nothing to rest. */
function endTaker(book: Draft, { aggressor, ...data }: Trade['data']): void {
  const isBuying = aggressor === 'BUY';
  const [id, leaves] = isBuying
    ? [data.buyOrderId, data.buyLeavesQuantity]
    : [data.sellOrderId, data.sellLeavesQuantity];
  const { agenda } = book;
  if (agenda?.taker?.id === id && isZero(leaves)) book.agenda = withoutTaker(agenda);
}

function removeOrder(book: Draft, id: string, accountId: string): void {
  let place: QueuePosition | undefined;
  book.places = update(book.places, id, (known) => {
    place = known;
    return undefined;
  });
  if (place !== undefined) {
    putOrder(book, place, null);
    addCount(book, accountId, -1);
  } else if (book.agenda?.taker?.id === id) {
    book.agenda = withoutTaker(book.agenda);
  }
  // Otherwise it was canceled on arrival, and has never been here.
}
