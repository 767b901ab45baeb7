import currencies from 'currency-codes';

const known = new Map<string, number>();

/** Currencies that ISO 4217 added after the library's list (25 June 2024). */
const newer: Readonly<Record<string, number>> = { XCG: 2, ZWG: 2 };

/**
 * Codes whose minor unit is N.A. in ISO 4217 and 0 in the library: metals, units of account, and
 * the codes for tests and for no currency. Cash cannot be held in them.
 */
const notCash: ReadonlySet<string> = new Set([
  'XAG',
  'XAU',
  'XBA',
  'XBB',
  'XBC',
  'XBD',
  'XDR',
  'XPD',
  'XPT',
  'XSU',
  'XTS',
  'XUA',
  'XXX',
]);

/** Whether a text is the ISO 4217 code of a currency for cash and prices. */
export function isCurrency(currency: string): boolean {
  return !notCash.has(currency) && minorUnitsOf(currency) !== null;
}

/** The error message for a text that is not a currency. Null if `isCurrency` accepts it. */
export function currencyFault(currency: string): string | null {
  if (isCurrency(currency)) return null;
  const given = JSON.stringify(currency.slice(0, 20));
  const upper = currency.toUpperCase();
  return isCurrency(upper)
    ? `${given} is in lower case: ISO 4217 codes are upper case, like "${upper}"`
    : `${given} is not the ISO 4217 code of a currency, like "USD"`;
}

/**
 * The number of digits after the point in an amount of an ISO 4217 currency: 2 for USD, 0 for JPY,
 * 3 for KWD. Null if there is no such code. Use it for recorded codes, and `isCurrency` for input:
 * this function also accepts the codes in which cash cannot be held.
 */
export function minorUnitsOf(currency: string): number | null {
  const digits = known.get(currency) ?? lookUp(currency);
  if (digits !== null) known.set(currency, digits);
  return digits;
}

function lookUp(currency: string): number | null {
  // The library searches its list and ignores case, but ISO 4217 codes are upper case.
  if (!/^[A-Z]{3}$/.test(currency)) return null;
  return currencies.code(currency)?.digits ?? newer[currency] ?? null;
}
