import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatUnits,
  fromSteps,
  parseStep,
  parseUnits,
  roundToSteps,
  type Step,
  toSteps,
} from '../../src/lib/steps.ts';

const safe = fc.maxSafeInteger();
/** Each number of digits is equally likely: most random numbers have sixteen. */
const counts = fc
  .tuple(safe, fc.nat({ max: 16 }))
  .map(([number, digits]) => (digits === 16 ? number : number % 10 ** digits) + 0);
const steps: fc.Arbitrary<Step> = fc
  .tuple(fc.nat({ max: 15 }), fc.integer({ min: 1, max: 999_999 }))
  .map(([digits, units]) => ({ digits, units }));

/** A whole number of 10^-digits as text, computed with whole numbers only. */
function toDecimal(units: bigint, digits: number): string {
  const size = String(units < 0n ? -units : units).padStart(digits + 1, '0');
  const [whole, fraction] = [size.slice(0, size.length - digits), size.slice(size.length - digits)];
  return `${units < 0n ? '-' : ''}${whole}${digits === 0 ? '' : `.${fraction}`}`;
}

describe('a step', () => {
  test.each([
    ['1', 0, 1],
    ['0.01', 2, 1],
    ['0.010', 2, 1],
    ['0.25', 2, 25],
    ['100', 0, 100],
    ['1.000', 0, 1],
    ['0.00000000000001', 14, 1],
    ['123456789012345', 0, 123_456_789_012_345],
  ])('of %s has %i digits and %i units', (text, digits, units) => {
    expect(parseStep(text)).toEqual({ digits, units });
  });

  test.each(['0', '0.00', '-1', '1234567890123456', '0.000000000000001'])('is not %s', (text) => {
    expect(parseStep(text)).toBeNull();
  });
});

describe('a number of steps', () => {
  test('is read back from its decimal', () => {
    fc.assert(
      fc.property(counts, steps, (count, step) => {
        expect(toSteps(fromSteps(count, step), step)).toBe(count);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is an exact decimal', () => {
    fc.assert(
      fc.property(counts, steps, (count, step) => {
        const exact = toDecimal(BigInt(count) * BigInt(step.units), step.digits);
        expect(fromSteps(count, step)).toBe(exact);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is that of any decimal with up to that many digits, or null if there is none', () => {
    fc.assert(
      fc.property(counts, steps, fc.nat({ max: 3 }), (units, step, zeros) => {
        const decimal = toDecimal(BigInt(units), step.digits);
        const text = decimal.includes('.') ? decimal + '0'.repeat(zeros) : decimal;
        const isWhole = BigInt(units) % BigInt(step.units) === 0n;
        expect(toSteps(text, step)).toBe(
          isWhole ? Number(BigInt(units) / BigInt(step.units)) : null,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  const cent = { digits: 2, units: 1 };
  const quarter = { digits: 2, units: 25 };

  test.each([
    ['1', cent, 100],
    ['1.5', cent, 150],
    ['1.50', cent, 150],
    ['1.500', cent, 150],
    ['1.50000000000000000000', cent, 150],
    ['-1.5', cent, -150],
    ['-0.5', cent, -50],
    ['0', cent, 0],
    ['-0', cent, 0],
    ['-0.00', cent, 0],
    ['0.75', quarter, 3],
    ['90071992547409.91', cent, Number.MAX_SAFE_INTEGER],
    ['-90071992547409.91', cent, Number.MIN_SAFE_INTEGER],
    ['22517998136852477.5', { digits: 1, units: 25 }, 9_007_199_254_740_991],
  ])('of %s in steps of %j is %i', (text, step, count) => {
    expect(toSteps(text, step)).toBe(count);
  });

  test.each([
    ['1.005', cent],
    ['1.0000000000000000000001', cent],
    ['0.80', quarter],
    ['-0.80', quarter],
    ['90071992547409.92', cent],
    ['-90071992547409.92', cent],
    ['99999999999999999999', cent],
  ])('does not exist for %s in steps of %j', (text, step) => {
    expect(toSteps(text, step)).toBeNull();
  });
});

test('rounding returns the steps on either side, or the same one if the decimal is exact', () => {
  const decimals = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.nat({ max: 18 }));
  fc.assert(
    fc.property(decimals, steps, ([units, digits], step) => {
      const text = toDecimal(units, digits);
      // Both in units of 10^-18.
      const value = units * 10n ** BigInt(18 - digits);
      const one = BigInt(step.units) * 10n ** BigInt(18 - step.digits);
      expect(roundToSteps(text, step, 'down')).toBe(Number(value / one));
      expect(roundToSteps(text, step, 'up')).toBe(Number((value + one - 1n) / one));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['10.005', 1_000, 1_001],
  ['10.0000', 1_000, 1_000],
  ['10.00000000000000001', 1_000, 1_001],
  ['0.001', 0, 1],
])('%s lies between %i and %i hundredths', (text, down, up) => {
  const cent = { digits: 2, units: 1 };
  expect(roundToSteps(text, cent, 'down')).toBe(down);
  expect(roundToSteps(text, cent, 'up')).toBe(up);
});

describe('units', () => {
  const units = fc.oneof(counts.map(BigInt), fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }));

  test('are written as a decimal with the given digits, and read back', () => {
    fc.assert(
      fc.property(units, fc.nat({ max: 30 }), (value, digits) => {
        const text = formatUnits(value, digits);
        expect(text).toBe(toDecimal(value, digits));
        expect(parseUnits(text, digits)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  test('have the same text as bigints and as numbers', () => {
    fc.assert(
      fc.property(counts, fc.nat({ max: 30 }), (value, digits) => {
        expect(formatUnits(value, digits)).toBe(formatUnits(BigInt(value), digits));
      }),
    );
  });

  test.each([
    ['12', 2, 1_200n],
    ['12.3', 2, 1_230n],
    ['12.3400', 2, 1_234n],
    ['-0.05', 2, -5n],
    ['7.000', 0, 7n],
    ['99999999999999999999.99', 2, 9_999_999_999_999_999_999_999n],
  ])('of %s with %i digits are %s', (text, digits, value) => {
    expect(parseUnits(text, digits)).toBe(value);
  });

  test.each([
    ['0.001', 2],
    ['-1.999', 2],
    ['0.5', 0],
  ])('of %s with %i digits are refused', (text, digits) => {
    expect(() => parseUnits(text, digits)).toThrow(RangeError);
  });
});
