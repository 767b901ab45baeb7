import { expect, test } from 'vitest';
import { isCurrency, minorUnitsOf } from '../../../src/contexts/accounts/currencies.ts';

test.each([
  ['USD', 2],
  ['JPY', 0],
  ['KWD', 3],
  ['XOF', 0],
  ['XAF', 0],
  ['XPF', 0],
  ['XCD', 2],
  ['XCG', 2],
])('%s is a currency with %i digits', (currency, digits) => {
  expect(isCurrency(currency)).toBe(true);
  expect(minorUnitsOf(currency)).toBe(digits);
});

test.each(['XAU', 'XAG', 'XPT', 'XPD', 'XXX', 'XTS', 'XDR', 'XSU', 'XUA', 'XBA'])(
  '%s is a code of ISO 4217, but nobody holds cash in it',
  (currency) => {
    expect(isCurrency(currency)).toBe(false);
    // An account in it that a log holds already must still be told.
    expect(minorUnitsOf(currency)).toBe(0);
  },
);

test.each(['EURO', 'eur', '', 'ZZZ', '978'])('%j is no currency', (currency) => {
  expect(isCurrency(currency)).toBe(false);
  expect(minorUnitsOf(currency)).toBeNull();
});
