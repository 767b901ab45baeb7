import currencies from 'currency-codes';

const known = new Map<string, number>();

/**
 * How many digits an amount of an ISO 4217 currency has after the point: 2 for USD, 0 for JPY, 3
 * for KWD. Null: no such currency.
 */
export function minorUnitsOf(currency: string): number | null {
  const digits = known.get(currency) ?? lookUp(currency);
  if (digits !== null) known.set(currency, digits);
  return digits;
}

function lookUp(currency: string): number | null {
  // The library folds case, and searches its list; ISO 4217 codes are upper case.
  if (!/^[A-Z]{3}$/.test(currency)) return null;
  return currencies.code(currency)?.digits ?? null;
}
