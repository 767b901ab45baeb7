import { compare, fractionDigitsMax, integerDigitsMax, isDecimal } from '../lib/decimal.ts';
import { splitCurrency } from './currency-sign.ts';
import type { Question } from './readings.ts';
import { toVisible } from './visible.ts';

/** What separates the fraction of a price from its whole part. */
export type DecimalMark = 'point' | 'comma';

/** A price as the API accepts it and the currency beside it, or why the text is not a price. */
type PriceText =
  | { readonly price: string; readonly currency: string | null }
  | { readonly fault: string };

const patterns: Readonly<Record<DecimalMark, RegExp>> = {
  point: /^(0|[1-9]\d*|[1-9]\d{0,2}(?:([, \u{a0}\u{202f}'’])\d{3})(?:\2\d{3})*)(?:\.(\d+))?$/u,
  comma: /^(0|[1-9]\d*|[1-9]\d{0,2}(?:([. \u{a0}\u{202f}'’])\d{3})(?:\2\d{3})*)(?:,(\d+))?$/u,
};

/** Asks which decimal mark a file uses. */
export const decimalQuestion: Question<DecimalMark> = {
  option: '--decimal',
  readings: ['point', 'comma'],
  traits: { point: 'a decimal point', comma: 'a decimal comma' },
  read: (text, mark) => readDigits(splitCurrency(text).number, mark),
};

/** Parses a price. Its digits stay as written; none is added or dropped. */
export function parsePriceText(text: string, mark: DecimalMark): PriceText {
  const { currency, number } = splitCurrency(text);
  if (number === '') return { fault: 'the price is empty' };
  if (isNegative(text) || isNegative(number)) return { fault: 'the price is negative' };
  if (/^\d[\d.,]*e[+-]?\d+$/i.test(number)) {
    return { fault: 'the price has an exponent: write plain digits' };
  }
  const price = readDigits(number, mark);
  if (price === null) return { fault: faultOfNumber(number, mark) };
  const fault = faultOfDigits(price);
  return fault === null ? { price, currency } : { fault };
}

function readDigits(text: string, mark: DecimalMark): string | null {
  const match = patterns[mark].exec(text);
  if (match === null) return null;
  const [, whole = '', , fraction] = match;
  const digits = whole.replaceAll(/\D/g, '');
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}

function isNegative(text: string): boolean {
  return /^[-\u{2212}]\s*[\p{Sc}A-Z]*\s*\d/u.test(text) || /\d\s*[-\u{2212}]$/u.test(text);
}

function faultOfNumber(number: string, mark: DecimalMark): string {
  const example = mark === 'point' ? '1250.00 or 1,250.00' : '1250,00 or 1.250,00';
  const other = mark === 'point' ? 'comma' : 'point';
  if (readDigits(number, other) !== null) {
    return `the price has a decimal ${other}, but the file is read with a decimal ${mark}`;
  }
  if (/^0\d/.test(number)) return 'the price begins with an extra zero: remove it';
  if (/^\d[\d., \u{a0}\u{202f}'’]*\d$/u.test(number)) {
    return `the digits of the price are not grouped in threes: write it like ${example}`;
  }
  if (/\p{Sc}/u.test(number)) {
    return 'the price has an unknown currency sign: write only digits';
  }
  return `this is not a price like ${example}`;
}

function faultOfDigits(price: string): string | null {
  const [whole = '', fraction = ''] = price.split('.');
  if (whole.length > integerDigitsMax) return tooLong(whole, 'before', integerDigitsMax);
  if (fraction.length > fractionDigitsMax) return tooLong(fraction, 'after', fractionDigitsMax);
  if (!isDecimal(price)) return `${toVisible(price)} is not a price`;
  return compare(price, '0') > 0 ? null : 'the price is zero';
}

function tooLong(digits: string, where: 'before' | 'after', max: number): string {
  const count = `the price has ${digits.length} digits ${where} the decimal mark`;
  return `${count}: at most ${max} can be recorded`;
}
