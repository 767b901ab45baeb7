import { parseStep, parseUnits, type Step, toSteps } from '../../../lib/steps.ts';
import type { TradeExecuted } from '../../market/events.ts';
import type { Side } from '../../market/side.ts';
import type { StoredTrading } from '../events.ts';
import type { OrderType, TimeInForce } from '../order-terms.ts';

/** An order as the book knows it. Prices are in ticks, quantities in lots. */
type BookOrder = {
  readonly id: string;
  readonly accountId: string;
  readonly side: Side;
  readonly priority: number;
  readonly leaves: number;
  readonly filled: number;
  /** The value traded, in ticks times lots, as decimal digits because it may exceed 2^53. */
  readonly value: string;
  /** The cash reserved for it, in the currency; '0' for an order to sell. */
  readonly held: string;
  readonly expiresAt: string | null;
};

/** An order that rests in the book and trades at its price. */
export type RestingOrder = BookOrder & {
  readonly price: number;
  /**
   * The part of `value` whose cash was rounded on the totals of the order, in ticks times lots, as
   * decimal digits.
   */
  readonly settled: string;
  /** The value of `settled` when the order was booked. Later value pays the maker fee. */
  readonly settledBefore: string;
  /** The unrounded fees of `settledBefore`, as a decimal in the currency. */
  readonly accruedFee: string;
};

/** A stop order that waits for its trigger price. */
export type StopOrder = BookOrder & {
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly stop: number;
  readonly limit: number | null;
  /** When it was parked, in the same append in which it was placed. */
  readonly heldAt: string;
};

/** An order that is open in a book. */
export type OpenOrder = RestingOrder | StopOrder;

/** The tick size and the lot size of an instrument. */
export interface Scale {
  readonly tick: Step;
  readonly lot: Step;
}

/** Returns whether an open order waits for its trigger price. */
export function isStop(order: OpenOrder): order is StopOrder {
  return 'stop' in order;
}

/** Returns the resting order that an OrderBooked event adds. */
export function toResting(scale: Scale, { data }: StoredTrading<'OrderBooked'>): RestingOrder {
  const filled = stepsOf(data.filledQuantity, scale.lot);
  const settled = data.settledValue === '0' ? '0' : toValue(scale, data.settledValue);
  return {
    id: data.orderId,
    accountId: data.accountId,
    // Only checked values are recorded.
    side: data.side,
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

/** Returns the stop order that an OrderHeld event adds. */
export function toStop(scale: Scale, { data, occurredAt }: StoredTrading<'OrderHeld'>): StopOrder {
  const { limitPrice } = data;
  const filled = stepsOf(data.filledQuantity, scale.lot);
  return {
    id: data.orderId,
    accountId: data.accountId,
    side: data.side,
    type: data.orderType,
    timeInForce: data.timeInForce,
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

type TradeData = TradeExecuted['data'];

interface Fill {
  readonly price: number;
  readonly lots: number;
}

/**
 * Returns a resting order after a trade that did not fill it. Members are named because a spread
 * takes six times as long.
 */
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

/** Older trades were rounded one by one, so they are not part of the totals of their orders. */
function settledAfter(
  order: RestingOrder,
  { rounding }: TradeData,
  { price, lots, value }: { readonly price: number; readonly lots: number; readonly value: string },
): string {
  if (rounding === 'HALF_UP') return order.settled;
  return order.settled === order.value ? value : addValue(order.settled, price, lots);
}

/** Converts a sum of prices times quantities to ticks times lots. */
export function toValue({ tick, lot }: Scale, filledValue: string): string {
  const digits = tick.digits + lot.digits;
  const units = tick.units * lot.units;
  const steps = Number.isSafeInteger(units) ? toSteps(filledValue, { digits, units }) : null;
  if (steps !== null) return String(steps);
  return String(parseUnits(filledValue, digits) / (BigInt(tick.units) * BigInt(lot.units)));
}

/** Adds the value of one fill to a value in ticks times lots. */
export function addValue(value: string, price: number, lots: number): string {
  const sum = Number(value) + price * lots;
  return Number.isSafeInteger(sum)
    ? String(sum)
    : String(BigInt(value) + BigInt(price) * BigInt(lots));
}

/** Parses a tick size or lot size that an event has recorded. Throws if it is not one. */
export function stepOf(text: string): Step {
  return parseStep(text) ?? fail(`${text} is not a tick size or lot size`);
}

/** Converts a recorded decimal to whole steps. Throws if it is not a multiple of the step. */
export function stepsOf(text: string, step: Step): number {
  return toSteps(text, step) ?? fail(`${text} is not a whole number of steps`);
}

function fail(message: string): never {
  throw new Error(message);
}
