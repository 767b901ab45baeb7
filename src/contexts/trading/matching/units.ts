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
 * The units in which an instrument is computed: prices in ticks, quantities in lots, values in ticks
 * times lots, cash in minor units of the currency, and fees, before they are rounded, in `feeStep`s.
 */
export interface InstrumentUnits {
  readonly instrument: Instrument;
  readonly tick: Step;
  readonly lot: Step;
  /** Fractional digits of the currency. */
  readonly digits: number;
  /** Minor units of cash in a value of one. */
  readonly cash: Ratio;
  /** Whether every value is a whole number of minor units, so that no amount is ever rounded. */
  readonly isExact: boolean;
  /** Minor units of cash in a fee of one. */
  readonly fee: Ratio;
  /** What one of a value accrues of the fee, by role. */
  readonly rates: Readonly<Record<Role, Whole>>;
  readonly feeStep: { readonly digits: number; readonly units: bigint };
}

/** Whether an order rested in the book when it traded, or came in; EITHER: the greater fee of both. */
export type Role = 'MAKER' | 'TAKER' | 'EITHER';

/** The units of an instrument; null when its steps have more digits than the market computes with. */
export function unitsOf(instrument: Instrument): InstrumentUnits | null {
  const known = cache.get(instrument);
  if (known !== undefined) return known;
  const tick = parseStep(instrument.tickSize);
  const lot = parseStep(instrument.lotSize);
  const digits = minorUnitsOf(instrument.currency);
  if (tick === null || lot === null || digits === null) return null;
  const units = createTerms(instrument, { tick, lot, digits });
  cache.set(instrument, units);
  return units;
}

/** What follows from an instrument is worked out once; a changed one is another object. */
const cache = new WeakMap<Instrument, InstrumentUnits>();

function createTerms(
  instrument: Instrument,
  scale: { readonly tick: Step; readonly lot: Step; readonly digits: number },
): InstrumentUnits {
  const { tick, lot, digits } = scale;
  // A tick times a lot is `units` of the fractional digit `tick.digits + lot.digits`.
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

/** What `units` of a fractional digit, so many digits finer than a minor unit, are of minor units. */
function toMinorUnits(units: bigint, finer: number): Ratio {
  const [more, fewer] = finer < 0 ? [-finer, 0] : [0, finer];
  return toRatio(units * 10n ** BigInt(more), 10n ** BigInt(fewer));
}

/** An amount of minor units as a decimal of the currency. */
export function toMoney(minor: bigint, { digits }: InstrumentUnits): string {
  return formatUnits(minor, digits);
}

export function fromMoney(text: string, { digits }: InstrumentUnits): bigint {
  return parseUnits(text, digits);
}

export function toPrice(ticks: number, { tick }: InstrumentUnits): string {
  return fromSteps(ticks, tick);
}

export function toQuantity(lots: number, { lot }: InstrumentUnits): string {
  return fromSteps(lots, lot);
}

/** The sum of prices times quantities, in ticks times lots, as an exact decimal. */
export function toFilledValue(value: string, { tick, lot }: InstrumentUnits): string {
  if (value === '0') return '0';
  const units = Number(value) * tick.units * lot.units;
  return Number.isSafeInteger(units)
    ? formatUnits(units, tick.digits + lot.digits)
    : formatUnits(BigInt(value) * BigInt(tick.units) * BigInt(lot.units), tick.digits + lot.digits);
}

/** Price times quantity as an exact decimal, with all digits of the currency. */
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

/** Cuts zeros at the end down to `digits` after the point, or adds them up to there. */
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

/** A fee before it is rounded, from a decimal of the currency. */
export function fromAccruedFee(text: string, { feeStep }: InstrumentUnits): Whole {
  if (text === '0') return 0;
  const short = Number(feeStep.units);
  const steps = Number.isSafeInteger(short)
    ? toSteps(text, { digits: feeStep.digits, units: short })
    : null;
  return steps ?? parseUnits(text, feeStep.digits) / feeStep.units;
}

/** A fee before it is rounded, as a decimal of the currency. */
export function toAccruedFee(fee: Whole, { feeStep }: InstrumentUnits): string {
  if (fee === 0) return '0';
  const short = Number(fee) * Number(feeStep.units);
  return formatUnits(
    Number.isSafeInteger(short) ? short : BigInt(fee) * feeStep.units,
    feeStep.digits,
  );
}

/** A positive number of lots; null when the quantity is none. */
export function parseLots(quantity: string, { lot }: InstrumentUnits): number | null {
  return positive(toSteps(quantity, lot));
}

/** A positive number of ticks; null when the price is none. */
export function parseTicks(price: string, { tick }: InstrumentUnits): number | null {
  return positive(toSteps(price, tick));
}

/** Why a quantity is no positive number of lots. */
export function lotsFault(quantity: string, { instrument: { lotSize } }: InstrumentUnits): string {
  return stepsFault('quantity', quantity, `the lot size ${lotSize}`, lotSize);
}

/** Why a price is no positive number of ticks. */
export function ticksFault(price: string, { instrument: { tickSize } }: InstrumentUnits): string {
  return stepsFault('price', price, `the tick size ${tickSize}`, tickSize);
}

function stepsFault(what: string, text: string, step: string, size: string): string {
  if (compare(text, '0') <= 0) return `a ${what} is more than zero, not ${text}`;
  if (!isMultipleOf(text, size)) return `${text} is not a multiple of ${step}`;
  return `${text} is too large: a ${what} is at most ${Number.MAX_SAFE_INTEGER} times ${step}`;
}

function positive(steps: number | null): number | null {
  return steps !== null && steps > 0 ? steps : null;
}
