import { emptyMap, remove, type SortedMap, set, visit } from '../../../lib/sorted-map.ts';
import type { Side } from '../../market/side.ts';
import type { StoredTrading } from '../events.ts';
import type { TimeInForce } from '../order-terms.ts';
import { type Scale, stepsOf, toValue } from './book-order.ts';

/**
 * The work in a book that earlier commands have started and left to later ones, because one command
 * does only a limited number of steps. First an incoming order is finished, then the stop orders
 * that prices have reached enter, then the tasks run. Until the agenda is empty, nothing else
 * happens in the book.
 */
export type Agenda = {
  readonly taker: PausedOrder | null;
  /** By number; the wave that was reached first comes first. */
  readonly waves: SortedMap<number, Wave>;
  /** The priority of the last stop order of the first wave that has entered; 0 if none has. */
  readonly after: number;
  readonly tasks: SortedMap<number, Task>;
  /** The number of the next wave or task. */
  readonly next: number;
};

/**
 * An incoming order that has not yet met all orders it can trade with. Prices are in ticks,
 * quantities in lots, amounts are decimals.
 */
export type PausedOrder = {
  readonly id: string;
  readonly accountId: string;
  readonly side: Side;
  readonly timeInForce: TimeInForce;
  readonly limit: number | null;
  readonly leaves: number;
  readonly filled: number;
  readonly value: string;
  readonly held: string;
  readonly heldLots: number;
  readonly expiresAt: string | null;
  readonly settled: string;
  readonly accruedFee: string;
  /** The lowest and the highest price of its trades so far; null if it has not traded. */
  readonly low: number | null;
  readonly high: number | null;
};

/**
 * A range of prices, in ticks, that has reached stop orders: orders to sell whose stop price is
 * `low` or more, and orders to buy whose stop price is `high` or less.
 */
export type Wave = {
  readonly low: number;
  readonly high: number;
  /** The recorded price; null if the prices are those of trades. */
  readonly price: string | null;
  /** Only orders placed by this time are reached; null if all are. */
  readonly placedBy: string | null;
};

/** Work that was queued: a recorded price to apply, or the open orders of an account to cancel. */
export type Task =
  | { readonly kind: 'PRICE'; readonly price: string; readonly occurredAt: string | null }
  | { readonly kind: 'CANCELS'; readonly accountId: string; readonly reason: string };

type AgendaEvent = StoredTrading<
  | 'OrderPaused'
  | 'StopsReached'
  | 'StopsReachedByPrice'
  | 'PriceQueued'
  | 'CancelsQueued'
  | 'MatchingPaused'
  | 'MatchingFinished'
>;

const nothing: Agenda = {
  taker: null,
  waves: emptyMap(),
  after: 0,
  tasks: emptyMap(),
  next: 1,
};

/** Returns the agenda after one more event; null if no work is left. */
export function evolveAgenda(
  { agenda, tick, lot }: Scale & { readonly agenda: Agenda | null },
  event: AgendaEvent,
): Agenda | null {
  const before = agenda ?? nothing;
  switch (event.type) {
    case 'OrderPaused':
      return { ...before, taker: toPaused({ tick, lot }, event) };
    case 'StopsReached':
      return withWave(before, waveOf(tick, event.data, { price: null, placedBy: null }));
    case 'StopsReachedByPrice':
      return withWave(before, waveOf(tick, event.data, event.data));
    case 'PriceQueued': {
      const { price, priceAt } = event.data;
      return withTask(before, { kind: 'PRICE', price, occurredAt: priceAt });
    }
    case 'CancelsQueued': {
      const { accountId, reason } = event.data;
      return withTask(before, { kind: 'CANCELS', accountId, reason });
    }
    case 'MatchingPaused': {
      const { wavesDone, tasksDone, after } = event.data;
      const waves = withoutFirst(before.waves, wavesDone);
      return { ...before, waves, tasks: withoutFirst(before.tasks, tasksDone), after };
    }
    case 'MatchingFinished':
      return null;
  }
}

/** Returns the agenda without its incoming order, which has ended or now rests in the book. */
export function withoutTaker(agenda: Agenda): Agenda {
  return { ...agenda, taker: null };
}

/** Returns the first `count` values of a map in the order of its keys; by default all of them. */
export function valuesOf<Value>(
  map: SortedMap<number, Value>,
  count = Number.POSITIVE_INFINITY,
): readonly Value[] {
  const values: Value[] = [];
  if (count > 0) visit(map, (value) => values.push(value) < count);
  return values;
}

type Reached = StoredTrading<'StopsReached'>['data'];
type ByPrice = Pick<Wave, 'price' | 'placedBy'>;

function waveOf(tick: Scale['tick'], reached: Reached, { price, placedBy }: ByPrice): Wave {
  const { lowPrice, highPrice } = reached;
  return { low: stepsOf(lowPrice, tick), high: stepsOf(highPrice, tick), price, placedBy };
}

function withWave(agenda: Agenda, wave: Wave): Agenda {
  const { next } = agenda;
  return { ...agenda, waves: set(agenda.waves, next, wave), next: next + 1 };
}

function withTask(agenda: Agenda, task: Task): Agenda {
  const { next } = agenda;
  return { ...agenda, tasks: set(agenda.tasks, next, task), next: next + 1 };
}

function withoutFirst<Value>(map: SortedMap<number, Value>, count: number) {
  let rest = map;
  for (const key of firstKeys(map, count)) rest = remove(rest, key);
  return rest;
}

function firstKeys(map: SortedMap<number, unknown>, count: number): readonly number[] {
  const keys: number[] = [];
  if (count > 0) visit(map, (_value, key) => keys.push(key) < count);
  return keys;
}

function toPaused(scale: Scale, { data }: StoredTrading<'OrderPaused'>): PausedOrder {
  const { tick, lot } = scale;
  const ticksOf = (price: string | null) => (price === null ? null : stepsOf(price, tick));
  return {
    id: data.orderId,
    accountId: data.accountId,
    // Only checked values are recorded.
    side: data.side,
    timeInForce: data.timeInForce,
    limit: ticksOf(data.limitPrice),
    leaves: stepsOf(data.leavesQuantity, lot),
    filled: stepsOf(data.filledQuantity, lot),
    value: toValue(scale, data.filledValue),
    held: data.held,
    heldLots: stepsOf(data.heldQuantity, lot),
    expiresAt: data.expiresAt,
    settled: toValue(scale, data.settledValue),
    accruedFee: data.accruedFee,
    low: ticksOf(data.lowPrice),
    high: ticksOf(data.highPrice),
  };
}
