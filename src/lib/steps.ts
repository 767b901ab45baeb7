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

/** The step of a positive decimal; null when it takes more than 15 digits to write it. */
export function parseStep(text: string): Step | null {
  const [whole = '', fraction = ''] = trimZeros(text).split('.');
  const units = Number(whole + fraction);
  return units > 0 && (whole + fraction).length <= exactDigits
    ? { digits: fraction.length, units }
    : null;
}

/** Every integer of so many digits is exact as a JavaScript number. */
const exactDigits = 15;

/** How many digits a step may take to write it. */
export const stepDigitsMax = exactDigits;

/** How many steps a decimal is; null when it is not a whole number of them, or beyond 2^53. */
export function toSteps(text: string, step: Step): number | null {
  const { digits, units } = step;
  const scaled = scaleShort(text, digits);
  if (scaled === null) return toStepsByText(text, step);
  if (units === 1) return scaled;
  return scaled % units === 0 ? scaled / units : null;
}

/**
 * A short decimal in units of its digit, by arithmetic alone: a fifth of the time that its text
 * takes. Null when that is not sure to be exact.
 */
function scaleShort(text: string, digits: number): number | null {
  const { length } = text;
  const point = text.indexOf('.');
  if ((point < 0 ? length : point) + digits > exactDigits) return null;
  let scaled = 0;
  let missing = digits;
  let isFraction = false;
  const isNegative = text.charCodeAt(0) === 45;
  for (let index = isNegative ? 1 : 0; index < length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) {
      if (isFraction) missing -= 1;
      // Finer than the digit: only zeros may follow, and the text tells.
      if (missing < 0) return null;
      scaled = scaled * 10 + digit;
    } else if (digit === -2) isFraction = true;
    else return null;
  }
  for (; missing > 0; missing -= 1) scaled *= 10;
  return isNegative && scaled !== 0 ? -scaled : scaled;
}

function toStepsByText(text: string, { digits, units }: Step): number | null {
  const [whole = '', fraction = ''] = trimZeros(text).split('.');
  if (fraction.length > digits) return null;
  const scaled = BigInt(whole + fraction.padEnd(digits, '0'));
  const steps = scaled / BigInt(units);
  return steps * BigInt(units) === scaled && isSafe(steps) ? Number(steps) : null;
}

function isSafe(steps: bigint): boolean {
  return steps <= BigInt(Number.MAX_SAFE_INTEGER) && steps >= BigInt(Number.MIN_SAFE_INTEGER);
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
  return Number.isSafeInteger(scaled)
    ? formatUnits(scaled, digits)
    : formatUnits(BigInt(steps) * BigInt(units), digits);
}

/** A whole number of units of the given fractional digit as a decimal. */
export function formatUnits(units: number | bigint, digits: number): string {
  if (digits === 0) return String(units);
  if (units >= 0 && units <= Number.MAX_SAFE_INTEGER) return formatShort(Number(units), digits);
  const sign = units < 0 ? '-' : '';
  const padded = String(units)
    .slice(sign.length)
    .padStart(digits + 1, '0');
  return `${sign}${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

/** By arithmetic: half the time that cutting the text takes. */
function formatShort(units: number, digits: number): string {
  const scale = 10 ** digits;
  const rest = units % scale;
  const fraction = String(rest);
  return `${(units - rest) / scale}.${fraction.length === digits ? fraction : fraction.padStart(digits, '0')}`;
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
