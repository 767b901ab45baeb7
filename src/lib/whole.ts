/**
 * A whole number of any size: a JavaScript number if that is exact, because numbers take a tenth of
 * the time, else a bigint.
 */
export type Whole = number | bigint;

/** A ratio by which whole numbers are multiplied, as bigints and as numbers. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** The ratio as numbers; null if these would not be exact. */
  readonly short: { readonly numerator: number; readonly denominator: number } | null;
}

export type Rounding = 'UP' | 'DOWN' | 'HALF_UP';

/** A whole number from its decimal digits. */
export function parseWhole(digits: string): Whole {
  const short = Number(digits);
  return Number.isSafeInteger(short) ? short : BigInt(digits);
}

/** `total + a * b`, exactly. */
export function addProduct(total: Whole, a: Whole, b: Whole): Whole {
  if (typeof total === 'number' && typeof a === 'number' && typeof b === 'number') {
    const sum = total + a * b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return BigInt(total) + BigInt(a) * BigInt(b);
}

/** A ratio of two positive whole numbers. */
export function toRatio(numerator: bigint, denominator: bigint): Ratio {
  const short = { numerator: Number(numerator), denominator: Number(denominator) };
  const isExact =
    Number.isSafeInteger(short.numerator) && Number.isSafeInteger(2 * short.denominator);
  return { numerator, denominator, short: isExact ? short : null };
}

/** `a - b`, exactly. */
export function subtract(a: Whole, b: Whole): Whole {
  return typeof a === 'number' && typeof b === 'number' ? a - b : BigInt(a) - BigInt(b);
}

/** A non-negative whole number times a ratio, rounded to a whole number. */
export function scale(value: Whole, ratio: Ratio, rounding: Rounding): Whole {
  if (ratio.short !== null && typeof value === 'number') {
    const { numerator, denominator } = ratio.short;
    const product = value * numerator;
    if (Number.isSafeInteger(product)) {
      const rest = product % denominator;
      const isUp =
        rest > 0 && (rounding === 'UP' || (rounding !== 'DOWN' && 2 * rest >= denominator));
      return (product - rest) / denominator + (isUp ? 1 : 0);
    }
  }
  const { numerator, denominator } = ratio;
  const product = BigInt(value) * numerator;
  const added = { UP: denominator - 1n, DOWN: 0n, HALF_UP: denominator / 2n }[rounding];
  return (product + added) / denominator;
}
