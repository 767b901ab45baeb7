import { expect, test } from 'vitest';
import { nearest } from '../../src/lib/nearest.ts';

const names = ['CashDeposited', 'CashWithdrawn', 'OrderPlaced', 'OrderReplaced', 'SharesDeposited'];

test.each([
  ['CashDeposit', ['CashDeposited']],
  ['cashdeposited', ['CashDeposited']],
  ['OrderPlacd', ['OrderPlaced', 'OrderReplaced']],
  ['SharesDeposits', ['SharesDeposited']],
  ['Quux', []],
  ['', []],
  ['x'.repeat(100_000), []],
])('the names that a text may have been meant as are found: case %#', (text, expected) => {
  expect(nearest(text, names)).toEqual(expected);
});
