import { emptyMap, remove, type SortedMap, set, visit } from '../../../lib/sorted-map.ts';
import type { StoredTrading } from '../events.ts';
import type { Side, TimeInForce } from '../order.ts';
import { type Scale, stepsOf, toValue } from './book-order.ts';

/**
 * What commands have set off in a book and left to the next ones, because it was more than one
 * command does: first an order that is still coming in, then the stop orders that have been reached,
 * then what was to be done next. Nothing else happens in the book before it is worked off.
 */
export type Agenda = {
  readonly taker: PausedOrder | null;
  /** By number: what was reached first comes first. */
  readonly waves: SortedMap<number, Wave>;
  /** The priority up to which the stop orders of the first wave have entered. */
  readonly after: number;
  readonly tasks: SortedMap<number, Task>;
  /** The number of the next wave or task. */
  readonly next: number;
};

/** An order that has not met all it could trade with, in ticks and lots; amounts as decimals. */
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
  /** The prices of its trades so far. */
  readonly low: number | null;
  readonly high: number | null;
};

/** Prices, in ticks, that have reached stop orders: to sell from `low` on, to buy up to `high`. */
export type Wave = {
  readonly low: number;
  readonly high: number;
  /** The recorded price that it was; null: prices of trades. */
  readonly price: string | null;
  /** Only those that were placed by then; null: all. */
  readonly placedBy: string | null;
};

export type Task =
  | { readonly kind: 'PRICE'; readonly price: string; readonly occurredAt: string | null }
  | { readonly kind: 'CANCELS'; readonly accountId: string; readonly reason: string };

type AgendaEvent = StoredTrading<
  | 'OrderPaused'
  | 'StopsReached'
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

/** The agenda of a book after one more event about it. */
export function evolveAgenda(
  { agenda, tick, lot }: Scale & { readonly agenda: Agenda | null },
  event: AgendaEvent,
): Agenda | null {
  const before = agenda ?? nothing;
  switch (event.type) {
    case 'OrderPaused':
      return { ...before, taker: toPaused({ tick, lot }, event) };
    case 'StopsReached': {
      const { lowPrice, highPrice, price, placedBy } = event.data;
      const [low, high] = [stepsOf(lowPrice, tick), stepsOf(highPrice, tick)];
      const waves = set(before.waves, before.next, { low, high, price, placedBy });
      return { ...before, waves, next: before.next + 1 };
    }
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

/** The agenda once the order that was coming in has come to its end, or rests. */
export function withoutTaker(agenda: Agenda): Agenda {
  return { ...agenda, taker: null };
}

/** The first things of an agenda in their order, as far as `count`; all of them when absent. */
export function valuesOf<Value>(
  map: SortedMap<number, Value>,
  count = Number.POSITIVE_INFINITY,
): readonly Value[] {
  const values: Value[] = [];
  if (count > 0) visit(map, (value) => values.push(value) < count);
  return values;
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
    // Only what was checked is ever recorded.
    side: data.side as Side,
    timeInForce: data.timeInForce as TimeInForce,
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
