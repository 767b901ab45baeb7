import {
  formatUnits,
  fromSteps,
  parseStep,
  parseUnits,
  type Step,
  toSteps,
} from '../../lib/steps.ts';
import { minorUnitsOf } from '../accounts/currencies.ts';
import type { Instrument } from '../market/instrument.ts';

/** What an instrument's trades come to; amounts in minor units of its currency, rounded half-up. */
export interface Terms {
  readonly instrument: Instrument;
  readonly tick: Step;
  readonly lot: Step;
  /** Fractional digits of the currency. */
  readonly digits: number;
  amount(price: number, lots: number): bigint;
  makerFee(price: number, lots: number): bigint;
  takerFee(price: number, lots: number): bigint;
}

/** The terms of an instrument; null when its steps have more digits than the market computes with. */
export function termsOf(instrument: Instrument): Terms | null {
  const known = cache.get(instrument);
  if (known !== undefined) return known;
  const tick = parseStep(instrument.tickSize);
  const lot = parseStep(instrument.lotSize);
  const digits = minorUnitsOf(instrument.currency);
  if (tick === null || lot === null || digits === null) return null;
  const terms = createTerms(instrument, { tick, lot, digits });
  cache.set(instrument, terms);
  return terms;
}

/** What follows from an instrument is worked out once; a changed one is another object. */
const cache = new WeakMap<Instrument, Terms>();

interface Scale {
  readonly tick: Step;
  readonly lot: Step;
  readonly digits: number;
}

function createTerms(instrument: Instrument, scale: Scale): Terms {
  const { tick, lot, digits } = scale;
  // A tick times a lot is `units` of the fractional digit `tick.digits + lot.digits`.
  const units = BigInt(tick.units) * BigInt(lot.units);
  const finer = tick.digits + lot.digits - digits;
  const numerator = finer < 0 ? units * 10n ** BigInt(-finer) : units;
  const denominator = finer < 0 ? 1n : 10n ** BigInt(finer);

  function feeOf(bps: string): (price: number, lots: number) => bigint {
    const bpsDigits = bps.split('.')[1]?.length ?? 0;
    const rate = parseUnits(bps, bpsDigits) * numerator;
    const per = denominator * 10_000n * 10n ** BigInt(bpsDigits);
    return rate === 0n ? () => 0n : rounded(rate, per);
  }

  return {
    instrument,
    ...scale,
    amount: rounded(numerator, denominator),
    makerFee: feeOf(instrument.makerFeeBps),
    takerFee: feeOf(instrument.takerFeeBps),
  };
}

/** Price times lots times a rate, rounded half-up; in plain numbers as long as they are exact. */
function rounded(rate: bigint, per: bigint): (price: number, lots: number) => bigint {
  const [factor, divisor] = [Number(rate), Number(per)];
  const isExact = Number.isSafeInteger(factor) && Number.isSafeInteger(2 * divisor);
  return (price, lots) => {
    const product = price * lots * factor;
    if (!isExact || !Number.isSafeInteger(product)) {
      return (2n * BigInt(price) * BigInt(lots) * rate + per) / (2n * per);
    }
    const rest = product % divisor;
    return BigInt((product - rest) / divisor + (2 * rest >= divisor ? 1 : 0));
  };
}

/** What has to be reserved to buy at a limit: the amount and the greater of the two fees. */
export function holdOf(terms: Terms, limit: number, lots: number): bigint {
  const [maker, taker] = [terms.makerFee(limit, lots), terms.takerFee(limit, lots)];
  return terms.amount(limit, lots) + (maker > taker ? maker : taker);
}

/** An amount of minor units as a decimal of the currency. */
export function toMoney(minor: bigint, { digits }: Terms): string {
  return formatUnits(minor, digits);
}

export function fromMoney(text: string, { digits }: Terms): bigint {
  return parseUnits(text, digits);
}

export function toPrice(ticks: number, { tick }: Terms): string {
  return fromSteps(ticks, tick);
}

export function toQuantity(lots: number, { lot }: Terms): string {
  return fromSteps(lots, lot);
}

/** The sum of prices times quantities, in ticks times lots, as an exact decimal. */
export function toFilledValue(value: string, { tick, lot }: Terms): string {
  if (value === '0') return '0';
  const units = Number(value) * tick.units * lot.units;
  return Number.isSafeInteger(units)
    ? formatUnits(units, tick.digits + lot.digits)
    : formatUnits(BigInt(value) * BigInt(tick.units) * BigInt(lot.units), tick.digits + lot.digits);
}

/** A positive number of lots; null when the quantity is none. */
export function parseLots(quantity: string, { lot }: Terms): number | null {
  return positive(toSteps(quantity, lot));
}

/** A positive number of ticks; null when the price is none. */
export function parseTicks(price: string, { tick }: Terms): number | null {
  return positive(toSteps(price, tick));
}

function positive(steps: number | null): number | null {
  return steps !== null && steps > 0 ? steps : null;
}
