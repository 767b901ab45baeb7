import {
  addProduct,
  parseWhole,
  type Ratio,
  type Rounding,
  scale,
  subtract,
  type Whole,
} from '../../../lib/whole.ts';
import type { Side } from '../order.ts';
import type { RestingOrder } from './book-order.ts';
import { fromAccruedFee, type InstrumentUnits, type Role } from './units.ts';

/**
 * What an order has traded so far, exactly. Its cash is rounded on these totals, once over its life:
 * a buyer pays the ceiling of the value, a seller receives the floor, and fees are rounded half-up.
 * So the cash of an order does not depend on how it is sliced.
 */
export interface Totals {
  /** Ticks times lots. */
  readonly settled: Whole;
  /** The fees before rounding, in units of `Terms.feeStep`. */
  readonly accrued: Whole;
}

export const noTotals: Totals = { settled: 0, accrued: 0 };

/** The totals of a resting order. */
export function totalsOf(
  { settled, settledBefore, accruedFee }: RestingOrder,
  units: InstrumentUnits,
): Totals {
  const now = parseWhole(settled);
  const before = fromAccruedFee(accruedFee, units);
  if (settled === settledBefore) return { settled: now, accrued: before };
  const asMaker = subtract(now, parseWhole(settledBefore));
  return { settled: now, accrued: addProduct(before, asMaker, units.rates.MAKER) };
}

/** What a fill takes from a buyer's cash, or gives to a seller's, and the order's totals after it. */
export interface Charge extends Totals {
  /** In minor units, without the fee. */
  readonly amount: bigint;
  /** In minor units. */
  readonly fee: bigint;
}

/** What an order trades, in ticks and lots. */
export interface PricedLots {
  readonly side: Side;
  readonly role: Role;
  readonly price: number;
  readonly lots: number;
}

/** What one more fill comes to for an order. */
export function chargeOf(
  units: InstrumentUnits,
  totals: Totals,
  { side, role, price, lots }: PricedLots,
): Charge {
  const value = addProduct(0, price, lots);
  const settled = addProduct(totals.settled, value, 1);
  const rounding = side === 'BUY' ? 'UP' : 'DOWN';
  const amount = units.isExact
    ? BigInt(scale(value, units.cash, 'DOWN'))
    : BigInt(growthOf(totals.settled, settled, units.cash, rounding));
  const rate = units.rates[role];
  if (rate === 0) return { settled, accrued: totals.accrued, amount, fee: 0n };
  const accrued = addProduct(totals.accrued, value, rate);
  const fee = BigInt(growthOf(totals.accrued, accrued, units.fee, 'HALF_UP'));
  return { settled, accrued, amount, fee };
}

/** By how much a total grows, of which both ends are rounded. */
function growthOf(before: Whole, after: Whole, ratio: Ratio, rounding: Rounding): Whole {
  const rounded = scale(after, ratio, rounding);
  return before === 0 ? rounded : subtract(rounded, scale(before, ratio, rounding));
}

/** The cash that an order to buy still needs: for the lots that are left of it, at its limit. */
export function reservationOf(
  units: InstrumentUnits,
  totals: Totals,
  limit: number,
  lots: number,
): bigint {
  const all = { side: 'BUY', role: 'EITHER', price: limit, lots } as const;
  const { amount, fee } = chargeOf(units, totals, all);
  return amount + fee;
}

/** The fewest lots at a price that come to a minor unit. */
export function smallestLots({ cash }: InstrumentUnits, price: number): bigint {
  const each = BigInt(price) * cash.numerator;
  return (cash.denominator + each - 1n) / each;
}
