/**
 * Exact decimals as whole numbers of a step: a price as ticks, a quantity as lots. So the market
 * computes in integers, and text appears only at its edge.
 */
export interface Step {
  /** Fractional digits in which the step is whole. */
  readonly digits: number;
  /** The step in units of the last of these digits. */
  readonly units: number;
}

/** The step of a positive decimal; null when it has more than 15 significant digits. */
export function parseStep(text: string): Step | null {
  const [whole = '', fraction = ''] = trimZeros(text).split('.');
  const units = Number(whole + fraction);
  return units > 0 && (whole + fraction).length <= exactDigits
    ? { digits: fraction.length, units }
    : null;
}

/** Every integer of so many digits is exact as a JavaScript number. */
const exactDigits = 15;

/** How many steps a decimal is; null when it is not a whole number of them, or beyond 2^53. */
export function toSteps(text: string, { digits, units }: Step): number | null {
  const point = text.indexOf('.');
  const trimmed = point < 0 || text.length - point - 1 <= digits ? text : trimZeros(text);
  const [whole = '', fraction = ''] = trimmed.split('.');
  if (fraction.length > digits) return null;
  const scaled = whole + fraction.padEnd(digits, '0');
  if (scaled.length <= exactDigits) {
    const number = Number(scaled);
    return number % units === 0 ? number / units : null;
  }
  const big = BigInt(scaled);
  const steps = big / BigInt(units);
  const isWhole = steps * BigInt(units) === big;
  const size = steps < 0n ? -steps : steps;
  return isWhole && size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(steps) : null;
}

/** A positive decimal in whole steps, rounded up or down; beyond 2^53 as good as infinite. */
export function roundToSteps(text: string, { digits, units }: Step, direction: 'up' | 'down') {
  const [whole = '', fraction = ''] = text.split('.');
  const scaled = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  const steps = scaled / BigInt(units);
  const isExact = steps * BigInt(units) === scaled && !/[1-9]/.test(fraction.slice(digits));
  return Number(direction === 'up' && !isExact ? steps + 1n : steps);
}

/** The decimal of a number of steps, with all digits of the step. */
export function fromSteps(steps: number, { digits, units }: Step): string {
  const scaled = steps * units;
  return formatUnits(
    Number.isSafeInteger(scaled) ? String(scaled) : String(BigInt(steps) * BigInt(units)),
    digits,
  );
}

/** A whole number of units of the given fractional digit as a decimal. */
export function formatUnits(units: string, digits: number): string {
  if (digits === 0) return units;
  const sign = units.startsWith('-') ? '-' : '';
  const padded = units.slice(sign.length).padStart(digits + 1, '0');
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

/** A decimal as a whole number of units of the given fractional digit; throws when it is finer. */
export function parseUnits(text: string, digits: number): bigint {
  const point = text.indexOf('.');
  if (point < 0) return BigInt(text + '0'.repeat(digits));
  const fraction = text.slice(point + 1).padEnd(digits, '0');
  if (/[1-9]/.test(fraction.slice(digits)))
    throw new RangeError(`${text} is finer than 1e-${digits}`);
  return BigInt(text.slice(0, point) + fraction.slice(0, digits));
}

/** The same value without zeros at the end of its fraction. */
export function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
