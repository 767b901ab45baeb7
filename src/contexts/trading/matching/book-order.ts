import { parseStep, parseUnits, type Step, toSteps } from '../../../lib/steps.ts';
import type { StoredMarketEvent } from '../../market/events.ts';
import type { StoredTrading } from '../events.ts';
import type { OrderType, Side, TimeInForce } from '../order.ts';

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
export type RestingOrder = BookOrder & {
  readonly price: number;
  /** Ticks times lots of what was rounded on the totals of the order, as decimal digits. */
  readonly settled: string;
  /** What of it had been settled when the order came to rest: since then it pays as the maker. */
  readonly settledBefore: string;
  /** The fees of that before rounding, as a decimal of the currency. */
  readonly accruedFee: string;
};

/** An order that waits for a price. */
export type StopOrder = BookOrder & {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly stop: number;
  readonly limit: number | null;
  /** When it began to wait, in the same append as it was placed. */
  readonly heldAt: string;
};

export type OpenOrder = RestingOrder | StopOrder;

/** The steps of an instrument. */
export interface Scale {
  readonly tick: Step;
  readonly lot: Step;
}

export function isStop(order: OpenOrder): order is StopOrder {
  return 'stop' in order;
}

/** An order as it comes to rest. */
export function toResting(scale: Scale, { data }: StoredTrading<'OrderBooked'>): RestingOrder {
  const filled = stepsOf(data.filledQuantity, scale.lot);
  const settled = data.settledValue === '0' ? '0' : toValue(scale, data.settledValue);
  return {
    id: data.orderId,
    accountId: data.accountId,
    // Only what was checked is ever recorded.
    side: data.side as Side,
    price: stepsOf(data.price, scale.tick),
    priority: data.priority,
    leaves: stepsOf(data.leavesQuantity, scale.lot),
    filled,
    value: filled === 0 ? '0' : toValue(scale, data.filledValue),
    held: data.held,
    expiresAt: data.expiresAt,
    settled,
    settledBefore: settled,
    accruedFee: data.accruedFee,
  };
}

/** An order as it begins to wait. */
export function toStop(scale: Scale, { data, occurredAt }: StoredTrading<'OrderHeld'>): StopOrder {
  const { limitPrice } = data;
  const filled = stepsOf(data.filledQuantity, scale.lot);
  return {
    id: data.orderId,
    accountId: data.accountId,
    side: data.side as Side,
    type: data.orderType as OrderType,
    timeInForce: data.timeInForce as TimeInForce,
    stop: stepsOf(data.stopPrice, scale.tick),
    limit: limitPrice === null ? null : stepsOf(limitPrice, scale.tick),
    priority: data.priority,
    leaves: stepsOf(data.leavesQuantity, scale.lot),
    filled,
    value: filled === 0 ? '0' : toValue(scale, data.filledValue),
    held: data.held,
    expiresAt: data.expiresAt,
    heldAt: occurredAt,
  };
}

type TradeData = Extract<StoredMarketEvent, { type: 'TradeExecuted' }>['data'];

interface Fill {
  readonly price: number;
  readonly lots: number;
}

/** An order that rests on after a trade. Written out: a spread takes six times as long. */
export function afterTrade(order: RestingOrder, data: TradeData, fill: Fill): RestingOrder {
  const { lots } = fill;
  const value = addValue(order.value, fill.price, lots);
  return {
    id: order.id,
    accountId: order.accountId,
    side: order.side,
    price: order.price,
    priority: order.priority,
    leaves: order.leaves - lots,
    filled: order.filled + lots,
    value,
    held: order.side === 'BUY' ? data.buyHeld : order.held,
    expiresAt: order.expiresAt,
    settled: settledAfter(order, data, { price: fill.price, lots, value }),
    settledBefore: order.settledBefore,
    accruedFee: order.accruedFee,
  };
}

/** What a trade was rounded by itself for, in older events, is no part of the totals of its orders. */
function settledAfter(
  order: RestingOrder,
  { rounding }: TradeData,
  { price, lots, value }: { readonly price: number; readonly lots: number; readonly value: string },
): string {
  if (rounding === 'HALF_UP') return order.settled;
  return order.settled === order.value ? value : addValue(order.settled, price, lots);
}

/** The sum of price times quantity as ticks times lots. */
export function toValue({ tick, lot }: Scale, filledValue: string): string {
  const digits = tick.digits + lot.digits;
  const units = tick.units * lot.units;
  const steps = Number.isSafeInteger(units) ? toSteps(filledValue, { digits, units }) : null;
  if (steps !== null) return String(steps);
  return String(parseUnits(filledValue, digits) / (BigInt(tick.units) * BigInt(lot.units)));
}

/** A sum of prices times quantities, with one more of them. */
export function addValue(value: string, price: number, lots: number): string {
  const sum = Number(value) + price * lots;
  return Number.isSafeInteger(sum)
    ? String(sum)
    : String(BigInt(value) + BigInt(price) * BigInt(lots));
}

export function stepOf(text: string): Step {
  return parseStep(text) ?? fail(`${text} is not a step`);
}

export function stepsOf(text: string, step: Step): number {
  return toSteps(text, step) ?? fail(`${text} is not a whole number of steps`);
}

function fail(message: string): never {
  throw new Error(message);
}
