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
  '%s is an ISO 4217 code, but cash cannot be held in it',
  (currency) => {
    expect(isCurrency(currency)).toBe(false);
    // An account in it that is already in a log must still be readable.
    expect(minorUnitsOf(currency)).toBe(0);
  },
);

test.each(['EURO', 'eur', '', 'ZZZ', '978'])('%j is not a currency', (currency) => {
  expect(isCurrency(currency)).toBe(false);
  expect(minorUnitsOf(currency)).toBeNull();
});
