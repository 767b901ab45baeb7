import { expect, test } from 'vitest';
import { openExchange } from '../../support/exchange.ts';

const people = { sam: { shares: { ABC: '1000' } }, ben: {} };

function feesOf(x: ReturnType<typeof openExchange>): readonly string[] {
  return x.trades().map(({ amount, buyFee, sellFee }) => `${amount} + ${buyFee} - ${sellFee}`);
}

test('the resting side pays the maker fee, the incoming side the taker fee', () => {
  const x = openExchange(people, { makerFeeBps: '10', takerFeeBps: '25' });
  x.place('s1: sam sells 10 at 10.00');
  x.place('b1: ben buys 10 at 10.00');
  x.place('b2: ben buys 10 at 10.00');
  x.place('s2: sam sells 10 at 10.00');
  expect(feesOf(x)).toEqual(['100.00 + 0.25 - 0.10', '100.00 + 0.10 - 0.25']);
  expect(x.cash('ben')).toBe('799.65 (held 0.00)');
  expect(x.cash('sam')).toBe('1199.65 (held 0.00)');
});

test('each trade has fees of its own', () => {
  const x = openExchange(people, { takerFeeBps: '50' });
  x.place('s1: sam sells 1 at 1.00');
  x.place('s2: sam sells 1 at 3.00');
  x.place('b1: ben buys 2 at 3.00');
  // 0.005 and 0.015, each half-up; of both together it would be 0.02.
  expect(feesOf(x)).toEqual(['1.00 + 0.01 - 0.00', '3.00 + 0.02 - 0.00']);
});

test.each([
  ['0.99', '0.00'],
  ['1.00', '0.01'],
  ['2.99', '0.01'],
  ['3.00', '0.02'],
])('half a percent of %s is %s: half-up', (price, fee) => {
  const x = openExchange(people, { takerFeeBps: '50' });
  x.place(`s1: sam sells 1 at ${price}`);
  x.place('b1: ben buys 1');
  expect(x.trades()[0]).toMatchObject({ amount: price, buyFee: fee });
});

test('an amount between two minor units is rounded half-up, its fee from what it was before', () => {
  const x = openExchange(people, { tickSize: '0.005', lotSize: '0.1', takerFeeBps: '10000' });
  x.place('s1: sam sells 0.1 at 0.050');
  x.place('s2: sam sells 0.1 at 0.045');
  x.place('b1: ben buys 0.1');
  x.place('b2: ben buys 0.1');
  // 0.0045, then 0.005: the fee of 100 % is of the same.
  expect(feesOf(x)).toEqual(['0.00 + 0.00 - 0.00', '0.01 + 0.01 - 0.00']);
});

test('the fee is of the amount before it is rounded', () => {
  const x = openExchange(people, { tickSize: '0.001', takerFeeBps: '5000' });
  x.place('s1: sam sells 1 at 0.029');
  x.place('s2: sam sells 1 at 0.031');
  x.place('b1: ben buys 2 at 1.000');
  // Half of 0.029 is 0.0145, half of 0.03 would be 0.015; half of 0.031 is 0.0155.
  expect(feesOf(x)).toEqual(['0.03 + 0.01 - 0.00', '0.03 + 0.02 - 0.00']);
});

test('fees may have fractions of a basis point', () => {
  const x = openExchange(people, { makerFeeBps: '0.5', takerFeeBps: '1.25' });
  x.place('s1: sam sells 100 at 8.00');
  x.place('b1: ben buys 100 at 8.00');
  // 0.04 and 0.1.
  expect(feesOf(x)).toEqual(['800.00 + 0.10 - 0.04']);
});

test.each([
  ['JPY', '1', '100', ['333 + 1 - 0']],
  ['KWD', '0.001', '3.333', ['11.099 + 0.028 - 0.011']],
])(
  'amounts and fees in %s have the digits of its minor unit',
  (currency, tickSize, price, expected) => {
    const rich = { cash: '1000', currency };
    const terms = { currency, tickSize, lotSize: '0.333', makerFeeBps: '10', takerFeeBps: '25' };
    const x = openExchange({ sam: { ...rich, shares: { ABC: '333' } }, ben: rich }, terms);
    x.place(`s1: sam sells 3.33 at ${price}`);
    x.place(`b1: ben buys 3.33 at ${price}`);
    expect(feesOf(x)).toEqual(expected);
  },
);

test('the trade tells how it was rounded', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 1 at 1.00');
  x.place('b1: ben buys 1');
  const trade = x.last().events.find(({ type }) => type === 'TradeExecuted');
  expect(trade?.data['rounding']).toBe('HALF_UP');
});

test('a stop order that was triggered pays taker fees when it enters', () => {
  const x = openExchange(people, { makerFeeBps: '10', takerFeeBps: '25' });
  x.place('s1: sam sells 10 at 10.00');
  x.place('b1: ben buys 10 stop 9.00');
  x.price('9.00');
  expect(feesOf(x)).toEqual(['100.00 + 0.25 - 0.10']);
});

test('the average price has 8 decimals, half-up', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 1 at 1.00');
  x.place('s2: sam sells 2 at 1.01');
  x.place('b1: ben buys 3 at 1.01');
  x.place('s3: sam sells 2 at 1.00');
  x.place('s4: sam sells 1 at 1.01');
  x.place('b2: ben buys 3 at 1.01');
  expect(x.averagePrice('b1')).toBe('1.00666667');
  expect(x.averagePrice('b2')).toBe('1.00333333');
  expect(x.averagePrice('s1')).toBe('1');
});

test('the average price of an order that has not traded is not there', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 3 at 1.01');
  expect(x.averagePrice('b1')).toBeNull();
});
