import {
  addProduct,
  parseWhole,
  type Ratio,
  type Rounding,
  scale,
  subtract,
  type Whole,
} from '../../../lib/whole.ts';
import type { Side } from '../../market/side.ts';
import type { RestingOrder } from './book-order.ts';
import { fromAccruedFee, type InstrumentUnits, type LiquidityRole } from './units.ts';

/**
 * The exact totals of an order's trades so far. The cash of an order is rounded on these totals,
 * once over its life: a buyer pays the ceiling of the value, a seller receives the floor, and fees
 * are rounded half-up. So the cash of an order does not depend on how its fills are split.
 */
export interface Totals {
  /** The value traded, in ticks times lots. */
  readonly settled: Whole;
  /** The unrounded fees, in `InstrumentUnits.feeStep`s. */
  readonly accrued: Whole;
}

export const noTotals: Totals = { settled: 0, accrued: 0 };

/** Returns the totals of a resting order. */
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

/** The cash that a fill takes from a buyer or pays to a seller, and the order's totals after it. */
export interface Charge extends Totals {
  /** The cash in minor units, without the fee. */
  readonly amount: bigint;
  /** The fee in minor units. */
  readonly fee: bigint;
}

/** A fill of one order, in ticks and lots. */
interface PricedLots {
  readonly side: Side;
  readonly role: LiquidityRole;
  readonly price: number;
  readonly lots: number;
}

/** Returns the charge of one more fill of an order. */
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

/** Returns the growth of a total that is rounded before and after. */
function growthOf(before: Whole, after: Whole, ratio: Ratio, rounding: Rounding): Whole {
  const rounded = scale(after, ratio, rounding);
  return before === 0 ? rounded : subtract(rounded, scale(before, ratio, rounding));
}

/** Returns the minor units of cash that `lots` more of an order to buy need at its limit. */
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

/** Returns the fewest lots whose value at a price is at least one minor unit. */
export function smallestLots({ cash }: InstrumentUnits, price: number): bigint {
  const each = BigInt(price) * cash.numerator;
  return (cash.denominator + each - 1n) / each;
}
