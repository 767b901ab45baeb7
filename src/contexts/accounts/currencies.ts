import currencies from 'currency-codes';

const known = new Map<string, number>();

/** Currencies that ISO 4217 has taken in after the list of the library (25 June 2024). */
const younger: Readonly<Record<string, number>> = { XCG: 2, ZWG: 2 };

/**
 * Codes whose minor unit ISO 4217 gives as N.A., of which the library makes 0: metals, units of
 * account, and codes for no currency and for tests. Nobody holds cash in them.
 */
const notCash: ReadonlySet<string> = new Set([
  ...['XAG', 'XAU', 'XPD', 'XPT'],
  ...['XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XSU', 'XUA'],
  ...['XTS', 'XXX'],
]);

/** Whether it is the ISO 4217 code of a currency in which cash can be held and prices be told. */
export function isCurrency(currency: string): boolean {
  return !notCash.has(currency) && minorUnitsOf(currency) !== null;
}

/** What is wrong with the code of a currency, in one line; null: it is one, as `isCurrency` says. */
export function currencyFault(currency: string): string | null {
  if (isCurrency(currency)) return null;
  const given = JSON.stringify(currency.slice(0, 20));
  const upper = currency.toUpperCase();
  return isCurrency(upper)
    ? `${given} is in lower case: ISO 4217 codes are upper case, like "${upper}"`
    : `${given} is no ISO 4217 code of a currency, like "USD"`;
}

/**
 * How many digits an amount of an ISO 4217 currency has after the point: 2 for USD, 0 for JPY, 3
 * for KWD. Null: no such code. For what is recorded already: for input there is `isCurrency`.
 */
export function minorUnitsOf(currency: string): number | null {
  const digits = known.get(currency) ?? lookUp(currency);
  if (digits !== null) known.set(currency, digits);
  return digits;
}

function lookUp(currency: string): number | null {
  // The library folds case, and searches its list; ISO 4217 codes are upper case.
  if (!/^[A-Z]{3}$/.test(currency)) return null;
  return currencies.code(currency)?.digits ?? younger[currency] ?? null;
}
