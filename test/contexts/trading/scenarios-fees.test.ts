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

test('the fees of an order are rounded on their total', () => {
  const x = openExchange(people, { takerFeeBps: '50' });
  x.place('s1: sam sells 1 at 1.00');
  x.place('s2: sam sells 1 at 3.00');
  x.place('b1: ben buys 2 at 3.00');
  // 0.005, then 0.02 in all.
  expect(feesOf(x)).toEqual(['1.00 + 0.01 - 0.00', '3.00 + 0.01 - 0.00']);
});

test('an order pays the same fees in one fill and in a hundred', () => {
  const terms = { currency: 'JPY', tickSize: '1', makerFeeBps: '10', takerFeeBps: '10' };
  const rich = { cash: '100000', currency: 'JPY' };
  const x = openExchange({ sam: { ...rich, shares: { ABC: '200' } }, ben: rich }, terms);
  x.place('s1: sam sells 100 at 400');
  for (let index = 0; index < 100; index += 1) x.place(`b${index}: ben buys 1 at 400`);
  const sliced = x.trades().reduce((sum, { sellFee }) => sum + Number(sellFee), 0);
  x.place('s2: sam sells 100 at 400');
  x.place('c1: ben buys 100 at 400');
  expect([sliced, x.trades().at(-1)?.sellFee, x.trades().at(-1)?.buyFee]).toEqual([40, '40', '40']);
});

test('an order that trades on arrival and then rests has one total of fees', () => {
  const x = openExchange(people, { makerFeeBps: '30', takerFeeBps: '50' });
  x.place('s1: sam sells 1 at 1.00');
  x.place('b1: ben buys 3 at 1.00');
  x.place('s2: sam sells 1 at 1.00');
  x.place('s3: sam sells 1 at 1.00');
  // 0.005 as the taker, then 0.003 and 0.003 as the maker: 0.005, 0.008, 0.011.
  expect(x.trades().map(({ buyFee }) => buyFee)).toEqual(['0.01', '0.00', '0.00']);
});

test('an order that replaces another continues its total of fees', () => {
  const x = openExchange(people, { makerFeeBps: '30' });
  x.place('b1: ben buys 4 at 1.00');
  x.place('s1: sam sells 1 at 1.00');
  x.replace('b1', { to: 'b2', quantity: '3' });
  x.place('s2: sam sells 1 at 1.00');
  x.replace('b2', { to: 'b3', limitPrice: '1.01' });
  x.place('s3: sam sells 1 at 1.01');
  // 0.003, 0.006, 0.00903.
  expect(x.trades().map(({ buyFee }) => buyFee)).toEqual(['0.00', '0.01', '0.00']);
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

test('the fee is computed on the value before rounding', () => {
  const x = openExchange(people, { tickSize: '0.001', takerFeeBps: '1000' });
  x.place('s1: sam sells 1 at 0.149');
  x.place('s2: sam sells 1 at 0.051');
  x.place('b1: ben buys 1');
  x.place('b2: ben buys 1');
  // A tenth of 0.051 is 0.0051 (of the 0.06 that was paid: 0.006). A tenth of 0.149 is 0.0149.
  expect(x.trades().map(({ buyAmount, buyFee }) => `${buyAmount} + ${buyFee}`)).toEqual([
    '0.06 + 0.01',
    '0.15 + 0.01',
  ]);
});

test('fees may have fractions of a basis point', () => {
  const x = openExchange(people, { makerFeeBps: '0.5', takerFeeBps: '1.25' });
  x.place('s1: sam sells 100 at 8.00');
  x.place('b1: ben buys 100 at 8.00');
  // 0.04 and 0.1.
  expect(feesOf(x)).toEqual(['800.00 + 0.10 - 0.04']);
});

test.each([
  // 3.33 at 3.333 is 11.09889.
  ['JPY', '1', '100', ['333 + 1', '333 - 0']],
  ['KWD', '0.001', '3.333', ['11.099 + 0.028', '11.098 - 0.011']],
])(
  'amounts and fees in %s have the digits of its minor unit',
  (currency, tickSize, price, expected) => {
    const rich = { cash: '1000', currency };
    const terms = { currency, tickSize, lotSize: '0.333', makerFeeBps: '10', takerFeeBps: '25' };
    const x = openExchange({ sam: { ...rich, shares: { ABC: '333' } }, ben: rich }, terms);
    x.place(`s1: sam sells 3.33 at ${price}`);
    x.place(`b1: ben buys 3.33 at ${price}`);
    const [trade] = x.trades();
    expect([
      `${trade?.buyAmount} + ${trade?.buyFee}`,
      `${trade?.sellAmount} - ${trade?.sellFee}`,
    ]).toEqual(expected);
  },
);

test('the trade records how it was rounded', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 1 at 1.00');
  x.place('b1: ben buys 1');
  const trade = x.last().events.find(({ type }) => type === 'TradeExecuted');
  expect(trade?.data['rounding']).toBe('ORDER_TOTAL');
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

test('the average price of an order that has not traded is null', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 3 at 1.01');
  expect(x.averagePrice('b1')).toBeNull();
});
