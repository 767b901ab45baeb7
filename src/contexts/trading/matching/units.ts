import { compare, isMultipleOf } from '../../../lib/decimal.ts';
import {
  formatUnits,
  fromSteps,
  parseStep,
  parseUnits,
  type Step,
  toSteps,
} from '../../../lib/steps.ts';
import { parseWhole, type Ratio, toRatio, type Whole } from '../../../lib/whole.ts';
import { minorUnitsOf } from '../../accounts/currencies.ts';
import type { Instrument } from '../../market/instrument.ts';

/**
 * The units in which the market computes for an instrument: prices in ticks, quantities in lots,
 * values in ticks times lots, cash in minor units of the currency, unrounded fees in `feeStep`s.
 */
export interface InstrumentUnits {
  readonly instrument: Instrument;
  readonly tick: Step;
  readonly lot: Step;
  /** Fractional digits of the currency. */
  readonly digits: number;
  /** The minor units of cash in a value of one. */
  readonly cash: Ratio;
  /** Whether every value is a whole number of minor units, so that no amount is ever rounded. */
  readonly isExact: boolean;
  /** The minor units of cash in a fee of one `feeStep`. */
  readonly fee: Ratio;
  /** The fee, in `feeStep`s, that a value of one accrues, by role. */
  readonly rates: Readonly<Record<LiquidityRole, Whole>>;
  readonly feeStep: { readonly digits: number; readonly units: bigint };
}

/**
 * The role of an order in a trade: MAKER if it rested in the book, TAKER if it came in. EITHER
 * stands for the greater of the two fees.
 */
export type LiquidityRole = 'MAKER' | 'TAKER' | 'EITHER';

/**
 * Returns the units of an instrument. Null if its tick size or lot size has more digits than the
 * market computes with, or if its currency is unknown.
 */
export function unitsOf(instrument: Instrument): InstrumentUnits | null {
  const known = cache.get(instrument);
  if (known !== undefined) return known;
  const tick = parseStep(instrument.tickSize);
  const lot = parseStep(instrument.lotSize);
  const digits = minorUnitsOf(instrument.currency);
  if (tick === null || lot === null || digits === null) return null;
  const units = createUnits(instrument, { tick, lot, digits });
  cache.set(instrument, units);
  return units;
}

/** The units of an instrument are computed once. A changed instrument is another object. */
const cache = new WeakMap<Instrument, InstrumentUnits>();

function createUnits(
  instrument: Instrument,
  scale: { readonly tick: Step; readonly lot: Step; readonly digits: number },
): InstrumentUnits {
  const { tick, lot, digits } = scale;
  // A tick times a lot is `units` at the fractional digit `tick.digits + lot.digits`.
  const units = BigInt(tick.units) * BigInt(lot.units);
  const valueDigits = tick.digits + lot.digits;
  const rateDigits = Math.max(...rates(instrument).map(fractionOf));
  const [maker = 0n, taker = 0n] = rates(instrument).map((rate) => parseUnits(rate, rateDigits));
  const feeDigits = valueDigits + bpsDigits + rateDigits;
  const cash = toMinorUnits(units, valueDigits - digits);
  return {
    instrument,
    ...scale,
    cash,
    isExact: cash.numerator % cash.denominator === 0n,
    fee: toMinorUnits(units, feeDigits - digits),
    rates: {
      MAKER: parseWhole(String(maker)),
      TAKER: parseWhole(String(taker)),
      EITHER: parseWhole(String(maker > taker ? maker : taker)),
    },
    feeStep: { digits: feeDigits, units },
  };
}

/** A basis point is a hundredth of a percent. */
const bpsDigits = 4;

function rates({ makerFeeBps, takerFeeBps }: Instrument): readonly string[] {
  return [makerFeeBps, takerFeeBps];
}

function fractionOf(decimal: string): number {
  return decimal.split('.')[1]?.length ?? 0;
}

/** Converts `units` of a digit that is `finer` digits finer than a minor unit to minor units. */
function toMinorUnits(units: bigint, finer: number): Ratio {
  const [more, fewer] = finer < 0 ? [-finer, 0] : [0, finer];
  return toRatio(units * 10n ** BigInt(more), 10n ** BigInt(fewer));
}

/** Converts minor units to a decimal amount in the currency. */
export function toMoney(minor: bigint, { digits }: InstrumentUnits): string {
  return formatUnits(minor, digits);
}

/** Converts a decimal amount in the currency to minor units. */
export function fromMoney(text: string, { digits }: InstrumentUnits): bigint {
  return parseUnits(text, digits);
}

/** Converts ticks to a decimal price. */
export function toPrice(ticks: number, { tick }: InstrumentUnits): string {
  return fromSteps(ticks, tick);
}

/** Converts lots to a decimal quantity. */
export function toQuantity(lots: number, { lot }: InstrumentUnits): string {
  return fromSteps(lots, lot);
}

/** Converts a sum of prices times quantities, in ticks times lots, to an exact decimal. */
export function toFilledValue(value: string, { tick, lot }: InstrumentUnits): string {
  if (value === '0') return '0';
  const units = Number(value) * tick.units * lot.units;
  return Number.isSafeInteger(units)
    ? formatUnits(units, tick.digits + lot.digits)
    : formatUnits(BigInt(value) * BigInt(tick.units) * BigInt(lot.units), tick.digits + lot.digits);
}

/** Returns price times quantity as an exact decimal with at least the currency's digits. */
export function toAmount(
  price: number,
  lots: number,
  { tick, lot, digits }: InstrumentUnits,
): string {
  const valueDigits = tick.digits + lot.digits;
  const short = price * lots * tick.units * lot.units;
  const units = Number.isSafeInteger(short)
    ? short
    : BigInt(price) * BigInt(lots) * BigInt(tick.units) * BigInt(lot.units);
  return withoutSpareZeros(formatUnits(units, valueDigits), digits, valueDigits);
}

/** Removes trailing zeros beyond `digits` fractional digits, or adds zeros up to that number. */
function withoutSpareZeros(text: string, digits: number, written: number): string {
  if (written === digits) return text;
  if (written < digits) {
    const point = written === 0 ? '.' : '';
    return `${text}${point}${'0'.repeat(digits - written)}`;
  }
  let end = text.length;
  const least = text.length - (written - digits);
  while (end > least && text.charCodeAt(end - 1) === 48) end -= 1;
  return text.charCodeAt(end - 1) === 46 ? text.slice(0, end - 1) : text.slice(0, end);
}

/** Converts an unrounded fee from a decimal in the currency to `feeStep`s. */
export function fromAccruedFee(text: string, { feeStep }: InstrumentUnits): Whole {
  if (text === '0') return 0;
  const short = Number(feeStep.units);
  const steps = Number.isSafeInteger(short)
    ? toSteps(text, { digits: feeStep.digits, units: short })
    : null;
  return steps ?? parseUnits(text, feeStep.digits) / feeStep.units;
}

/** Converts an unrounded fee from `feeStep`s to a decimal in the currency. */
export function toAccruedFee(fee: Whole, { feeStep }: InstrumentUnits): string {
  if (fee === 0) return '0';
  const short = Number(fee) * Number(feeStep.units);
  return formatUnits(
    Number.isSafeInteger(short) ? short : BigInt(fee) * feeStep.units,
    feeStep.digits,
  );
}

/** Converts a quantity to lots. Null if it is not a positive whole number of lots. */
export function parseLots(quantity: string, { lot }: InstrumentUnits): number | null {
  return positive(toSteps(quantity, lot));
}

/** Converts a price to ticks. Null if it is not a positive whole number of ticks. */
export function parseTicks(price: string, { tick }: InstrumentUnits): number | null {
  return positive(toSteps(price, tick));
}

/** Says why a quantity is not a positive whole number of lots. */
export function lotsFault(quantity: string, { instrument: { lotSize } }: InstrumentUnits): string {
  return stepsFault('quantity', quantity, `the lot size ${lotSize}`, lotSize);
}

/** Says why a price is not a positive whole number of ticks. */
export function ticksFault(price: string, { instrument: { tickSize } }: InstrumentUnits): string {
  return stepsFault('price', price, `the tick size ${tickSize}`, tickSize);
}

function stepsFault(what: string, text: string, step: string, size: string): string {
  if (compare(text, '0') <= 0) return `the ${what} must be greater than zero, not ${text}`;
  if (!isMultipleOf(text, size)) return `the ${what} ${text} is not a multiple of ${step}`;
  const largest = `${Number.MAX_SAFE_INTEGER} times ${step}`;
  return `the ${what} ${text} is too large: it must be at most ${largest}`;
}

function positive(steps: number | null): number | null {
  return steps !== null && steps > 0 ? steps : null;
}
