import { compare, fractionDigitsMax, integerDigitsMax, isDecimal } from '../lib/decimal.ts';

/** Why a text is no price, or null when it is one; a price is recorded exactly as it is written. */
export function faultOfPrice(text: string): string | null {
  if (text === '') return 'the price is empty';
  if (/^-/.test(text)) return 'the price is negative';
  if (/^\d[\d.]*e[+-]?\d+$/i.test(text)) return 'the price has an exponent: write plain digits';
  if (/^\d{1,3}([ ,'\u{a0}]\d{3})+(\.\d+)?$/u.test(text)) {
    return 'the price has thousands separators: write plain digits';
  }
  if (!isDecimal(text)) {
    return `the price is no decimal like 1250.00, of up to ${integerDigitsMax} digits before the point and ${fractionDigitsMax} after it`;
  }
  return compare(text, '0') > 0 ? null : 'the price is zero';
}
