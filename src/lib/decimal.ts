import Big from 'big.js';
import { formatUnits, toSteps, trimZeros } from './steps.ts';

/** The maximum digits before and after the point of a decimal in an input. */
export const integerDigitsMax = 20;
export const fractionDigitsMax = 18;

const pattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * Whether a text is a decimal of plain digits with at most one point: no exponent, no plus sign, no
 * superfluous leading zeros, and not more digits than the maximum.
 */
export function isDecimal(input: string): boolean {
  if (input.length > integerDigitsMax + fractionDigitsMax + 2 || !pattern.test(input)) return false;
  const point = input.indexOf('.');
  const digits = (point < 0 ? input.length : point) - (input.startsWith('-') ? 1 : 0);
  return digits <= integerDigitsMax && (point < 0 || input.length - point - 1 <= fractionDigitsMax);
}

const minus = 45;

/** The same decimal, but zero without a sign. No function of this file returns a negative zero. */
export function withoutNegativeZero(value: string): string {
  return value.charCodeAt(0) === minus && isZero(value) ? value.slice(1) : value;
}

/** An exact sum, written with `fractionDigits` digits after the point. */
export function add(a: string, b: string, fractionDigits: number): string {
  return quickly(a, b, fractionDigits) ?? toText(new Big(a).plus(b), fractionDigits);
}

/** An exact difference, written with `fractionDigits` digits after the point. */
export function subtract(a: string, b: string, fractionDigits: number): string {
  return quickly(a, negate(b), fractionDigits) ?? toText(new Big(a).minus(b), fractionDigits);
}

/** An exact sum, with as many digits after the point as it needs. */
export function sum(a: string, b: string): string {
  const quick = quickly(a, b, Math.max(fractionOf(a), fractionOf(b)));
  return quick === null ? toText(new Big(a).plus(b)) : trimZeros(quick);
}

/** An exact difference, with as many digits after the point as it needs. */
export function difference(a: string, b: string): string {
  return sum(a, negate(b));
}

/** An exact product, with as many digits after the point as it needs. */
export function multiply(a: string, b: string): string {
  return toText(new Big(a).times(b));
}

/** A value rounded half away from zero, written with `fractionDigits` digits after the point. */
export function round(value: string, fractionDigits: number): string {
  return toText(new Big(value), fractionDigits);
}

/** A quotient rounded half away from zero to `fractionDigits` digits, without trailing zeros. */
export function divide(a: string, b: string, fractionDigits: number): string {
  // Scales to whole numbers first, because the library rounds quotients to its own precision.
  const scale = new Big(10).pow(fractionDigits);
  const scaled = new Big(a).times(scale);
  const whole = scaled.div(b).round(0, Big.roundDown);
  const rest = scaled.minus(whole.times(b)).times(2);
  const isUp = rest.abs().gte(new Big(b).abs());
  const sign = scaled.s * new Big(b).s;
  return toText((isUp ? whole.plus(sign) : whole).div(scale));
}

/** Whether a decimal is zero, however it is written. */
export function isZero(value: string): boolean {
  return !/[1-9]/.test(value);
}

/** -1, 0 or 1 if `a` is less than, equal to or greater than `b`. */
export function compare(a: string, b: string): -1 | 0 | 1 {
  if (a.length > exactDigits || b.length > exactDigits) return new Big(a).cmp(b);
  const [x, y] = [Number(a), Number(b)];
  if (x === y) return 0;
  return x < y ? -1 : 1;
}

/** Decimals of up to this many characters can be compared as JavaScript numbers. */
const exactDigits = 15;

/**
 * A sum computed in whole units of the last fractional digit. This takes a fifth of the time of
 * big.js. Null if the units are not exact as numbers; they are exact for all but very large
 * amounts.
 */
function quickly(a: string, b: string, digits: number): string | null {
  const unit = { digits, units: 1 };
  const x = toSteps(a, unit);
  const y = toSteps(b, unit);
  if (x === null || y === null) return null;
  const total = x + y;
  return Number.isSafeInteger(total) ? formatUnits(total, digits) : null;
}

/** Writes a value without an exponent, rounded half away from zero to `fractionDigits` if given. */
function toText(value: Big, fractionDigits?: number): string {
  return withoutNegativeZero(value.toFixed(fractionDigits, Big.roundHalfUp));
}

function negate(value: string): string {
  return value.startsWith('-') ? value.slice(1) : `-${value}`;
}

function fractionOf(value: string): number {
  const point = value.indexOf('.');
  return point < 0 ? 0 : value.length - point - 1;
}

/** Whether a value needs more digits after the point; trailing zeros do not count. */
export function isFinerThan(value: string, fractionDigits: number): boolean {
  return !new Big(value).round(fractionDigits, Big.roundDown).eq(value);
}

/** Whether `value` is a whole number of `step`s. */
export function isMultipleOf(value: string, step: string): boolean {
  return new Big(value).mod(step).eq(0);
}

const sortableIntegerDigits = 30;

/**
 * A text whose byte order is the order of the values: a sign, then a fixed number of digits. The
 * digits of a negative value are complemented (9 for 0), so that the lower value comes first.
 */
export function toSortableDecimal(value: string): string {
  const big = new Big(value);
  const [whole = '', fraction = ''] = big.abs().toFixed(fractionDigitsMax).split('.');
  const digits = whole.padStart(sortableIntegerDigits, '0') + fraction;
  if (big.gte(0)) return `1${digits}`;
  return `0${digits.replace(/\d/g, (digit) => String(9 - Number(digit)))}`;
}
