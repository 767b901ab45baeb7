import Big from 'big.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  add,
  compare,
  difference,
  divide,
  isDecimal,
  isFinerThan,
  isMultipleOf,
  isZero,
  multiply,
  round,
  subtract,
  sum,
  toSortableDecimal,
  withoutNegativeZero,
} from '../../src/lib/decimal.ts';

const scale = 10n ** 18n;
const units = fc.oneof(
  fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
  fc.bigInt({ min: -1_000n, max: 1_000n }).map((small) => small * 10n ** 16n),
  fc.bigInt({ min: -5n, max: 5n }),
);

/** A number of 10^-18, in digits. */
function toDecimal(value: bigint): string {
  const size = value < 0n ? -value : value;
  const fraction = String(size % scale).padStart(18, '0');
  return `${value < 0n ? '-' : ''}${size / scale}.${fraction}`;
}

test('sums and differences are exact', () => {
  fc.assert(
    fc.property(units, units, (a, b) => {
      expect(add(toDecimal(a), toDecimal(b), 18)).toBe(toDecimal(a + b));
      expect(subtract(toDecimal(a), toDecimal(b), 18)).toBe(toDecimal(a - b));
      expect(compare(toDecimal(a), toDecimal(b))).toBe(a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

/** Amounts around the size at which numbers are no longer exact, and everyday amounts. */
const everyday = fc
  .tuple(
    fc.oneof(
      fc.bigInt({ min: -100_000n, max: 100_000n }),
      fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
    ),
    fc.integer({ min: 0, max: 8 }),
  )
  .map(([value, digits]) => new Big(String(value)).div(new Big(10).pow(digits)).toFixed(digits));

test('everyday amounts have the results of arbitrary precision', () => {
  fc.assert(
    fc.property(everyday, everyday, fc.integer({ min: 0, max: 9 }), (a, b, digits) => {
      const [plus, minus] = [new Big(a).plus(b), new Big(a).minus(b)];
      expect(add(a, b, digits)).toBe(withoutNegativeZero(plus.toFixed(digits)));
      expect(subtract(a, b, digits)).toBe(withoutNegativeZero(minus.toFixed(digits)));
      expect(sum(a, b)).toBe(plus.toFixed());
      expect(difference(a, b)).toBe(minus.toFixed());
      expect(compare(a, b)).toBe(new Big(a).cmp(b));
    }),
    { numRuns: 2_000 },
  );
});

test('the byte order of sortable decimals is the order of the values', () => {
  fc.assert(
    fc.property(units, units, (a, b) => {
      const [first, second] = [a, b].map((value) => toSortableDecimal(toDecimal(value)));
      expect(Math.sign(Buffer.compare(Buffer.from(first ?? ''), Buffer.from(second ?? '')))).toBe(
        a < b ? -1 : a > b ? 1 : 0,
      );
    }),
  );
});

test('equal values have the same sortable text, however they are written', () => {
  expect(toSortableDecimal('1.50')).toBe(toSortableDecimal('1.5'));
  expect(new Set(['0', '-0', '0.00', '-0.000'].map(toSortableDecimal)).size).toBe(1);
});

test('every decimal within the maximum digits is accepted', () => {
  fc.assert(
    fc.property(units, (value) => {
      expect(isDecimal(toDecimal(value))).toBe(true);
    }),
  );
});

test.each([
  '0',
  '-0',
  '0.0',
  '-1',
  '10',
  '99999999999999999999',
  '-99999999999999999999.999999999999999999',
])('%s is a decimal', (input) => {
  expect(isDecimal(input)).toBe(true);
});

test.each([
  ...['', '-', '.', '1.', '.5', '+1', '01', '00', '1e3', '1E3', '1_000', '1,5', '0x10'],
  ...['NaN', 'Infinity', ' 1', '1 ', '1\n', '--1', '1.2.3', '١'],
  ...['100000000000000000000', '0.1234567890123456789', '9'.repeat(1_000_000)],
])('%.40j is not a decimal', (input) => {
  expect(isDecimal(input)).toBe(false);
});

test('zero has no sign', () => {
  expect(subtract('1.00', '1.00', 2)).toBe('0.00');
  expect(add('-1', '1', 2)).toBe('0.00');
  expect(add('-0', '0', 2)).toBe('0.00');
});

test('the precision of a value does not depend on how it is written', () => {
  expect(isFinerThan('1.50', 1)).toBe(false);
  expect(isFinerThan('1.5', 2)).toBe(false);
  expect(isFinerThan('1.51', 1)).toBe(true);
  expect(isFinerThan('-0.001', 2)).toBe(true);
  expect(isFinerThan('100', 0)).toBe(false);
});

test('a multiple of a step has no remainder', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -1_000_000n, max: 1_000_000n }),
      fc.bigInt({ min: 1n, max: 1_000n }),
      (count, step) => {
        const stepText = toDecimal(step * 10n ** 12n);
        expect(isMultipleOf(toDecimal(count * step * 10n ** 12n), stepText)).toBe(true);
        expect(isMultipleOf(toDecimal(count * step * 10n ** 12n + 1n), stepText)).toBe(false);
      },
    ),
  );
});

/** Without trailing zeros. */
function shortest(text: string): string {
  return text.replace(/\.?0+$/, '');
}

test('sums and differences have as many digits as they need', () => {
  fc.assert(
    fc.property(units, units, (a, b) => {
      expect(sum(toDecimal(a), toDecimal(b))).toBe(shortest(toDecimal(a + b)));
      expect(difference(toDecimal(a), toDecimal(b))).toBe(shortest(toDecimal(a - b)));
    }),
  );
});

test('a sum or difference is written without zeros at the end, an exponent or a negative zero', () => {
  expect(sum('1.50', '0.5')).toBe('2');
  expect(sum('99999999999999999999', '1')).toBe('100000000000000000000');
  expect(difference('0.000000000000000003', '0.000000000000000002')).toBe('0.000000000000000001');
  expect(difference('1.00', '1')).toBe('0');
  expect(sum('-0', '0')).toBe('0');
  expect(difference('-0.0', '0')).toBe('0');
});

test('a quotient is exact, and half a unit of its last digit is rounded away from zero', () => {
  const divisors = units.filter((value) => value !== 0n);
  fc.assert(
    fc.property(units, divisors, fc.nat({ max: 18 }), (a, b, digits) => {
      const factor = 10n ** BigInt(digits);
      const [size, by] = [a < 0n ? -a : a, b < 0n ? -b : b];
      const rounded = (2n * size * factor + by) / (2n * by);
      const signed = a < 0n !== b < 0n ? -rounded : rounded;
      const text = shortest(toDecimal(signed * 10n ** BigInt(18 - digits)));
      expect(divide(toDecimal(a), toDecimal(b), digits)).toBe(text);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['1', '3', 2, '0.33'],
  ['2', '3', 2, '0.67'],
  ['1', '8', 2, '0.13'],
  ['-1', '8', 2, '-0.13'],
  ['1', '-8', 2, '-0.13'],
  ['-1', '-8', 2, '0.13'],
  ['0.0449999999999999999', '1', 2, '0.04'],
  ['0.045', '1', 2, '0.05'],
  ['1', '1000', 2, '0'],
  ['-1', '1000', 2, '0'],
  ['0', '7', 2, '0'],
  ['10.00', '4', 8, '2.5'],
  ['99999999999999999999.99', '0.01', 0, '9999999999999999999999'],
])('%s divided by %s to %i digits is %s', (a, b, digits, quotient) => {
  expect(divide(a, b, digits)).toBe(quotient);
});

test('zero is zero however it is written', () => {
  for (const zero of ['0', '-0', '0.00', '-0.000']) expect(isZero(zero)).toBe(true);
  for (const other of ['1', '-1', '0.01', '10', '-0.10']) expect(isZero(other)).toBe(false);
});

/** Zeros of both signs, values that are rounded to zero, and any others. */
const signed = fc.oneof(
  fc.constantFrom('0', '-0', '0.00', '-0.00', '-0.000000000000000000', '-0.004', '-0.005', '-1'),
  everyday,
  units.map(toDecimal),
);
const digits = fc.nat({ max: 18 });

test('no result is a negative zero', () => {
  const isNegativeZero = (text: string): boolean => /^-0*(?:\.0*)?$/.test(text);
  fc.assert(
    fc.property(signed, signed, digits, (a, b, fractionDigits) => {
      const results = {
        add: add(a, b, fractionDigits),
        subtract: subtract(a, b, fractionDigits),
        sum: sum(a, b),
        difference: difference(a, b),
        multiply: multiply(a, b),
        round: round(a, fractionDigits),
        divide: isZero(b) ? '0' : divide(a, b, fractionDigits),
        withoutNegativeZero: withoutNegativeZero(a),
      };
      const wrong = Object.entries(results).filter(([, result]) => isNegativeZero(result));
      expect(wrong).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});

test('products and rounded values are those of arbitrary precision', () => {
  fc.assert(
    fc.property(signed, signed, digits, (a, b, fractionDigits) => {
      const [product, rounded] = [multiply(a, b), round(a, fractionDigits)];
      expect(new Big(product).eq(new Big(a).times(b))).toBe(true);
      expect(new Big(rounded).eq(new Big(a).round(fractionDigits, Big.roundHalfUp))).toBe(true);
      expect(rounded.split('.')[1]?.length ?? 0).toBe(fractionDigits);
    }),
  );
});

test('a decimal keeps its text, except for the sign of zero', () => {
  fc.assert(
    fc.property(signed, (value) => {
      const expected = isZero(value) ? value.replace('-', '') : value;
      expect(withoutNegativeZero(value)).toBe(expected);
    }),
  );
});
