import { expect, test } from 'vitest';
import { openExchange } from '../../support/exchange.ts';

const sellers = { sam: { shares: { ABC: '100' } }, sue: { shares: { ABC: '100' } } };
const people = { ...sellers, ben: {}, bea: {} };

test('a trade happens at the price of the order that rested, whichever side it is on', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 5 at 10.00');
  x.place('b1: ben buys 5 at 10.50');
  x.place('b2: ben buys 5 at 9.00');
  x.place('s2: sam sells 5 at 8.00');
  expect(x.tape()).toEqual(['5 at 10.00: b1 from s1', '5 at 9.00: b2 from s2']);
});

test('an order meets the best price first, and the oldest order first at one price', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 2 at 10.02');
  x.place('s2: sam sells 2 at 10.01');
  x.place('s3: sue sells 2 at 10.01');
  x.place('s4: sue sells 2 at 10.00');
  x.place('b1: ben buys 7 at 10.02');
  expect(x.tape()).toEqual([
    '2 at 10.00: b1 from s4',
    '2 at 10.01: b1 from s2',
    '2 at 10.01: b1 from s3',
    '1 at 10.02: b1 from s1',
  ]);
  expect(x.state('s1')).toBe('PARTIALLY_FILLED 1/1');
  expect(x.state('b1')).toBe('FILLED 7/0');
});

test('bids are met from the highest down, and the oldest bid first at one price', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 2 at 9.98');
  x.place('b2: ben buys 2 at 9.99');
  x.place('b3: bea buys 2 at 9.99');
  x.place('b4: bea buys 2 at 10.00');
  x.place('s1: sam sells 7 at 9.98');
  expect(x.tape().map((line) => line.slice(-10))).toEqual([
    'b4 from s1',
    'b2 from s1',
    'b3 from s1',
    'b1 from s1',
  ]);
});

test('a partially filled order keeps its priority', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 5 at 10.00');
  x.place('s2: sue sells 5 at 10.00');
  x.place('b1: ben buys 2 at 10.00');
  x.place('b2: ben buys 4 at 10.00');
  expect(x.tape().slice(1)).toEqual(['3 at 10.00: b2 from s1', '1 at 10.00: b2 from s2']);
});

test('a LIMIT order trades no worse than its limit, and its remainder rests', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  x.place('s2: sam sells 3 at 10.01');
  x.place('b1: ben buys 5 at 10.00');
  expect(x.state('b1')).toBe('PARTIALLY_FILLED 3/2');
  x.place('s3: sue sells 1 at 9.99');
  expect(x.tape()).toEqual(['3 at 10.00: b1 from s1', '1 at 10.00: b1 from s3']);
});

test.each(['0', '-1', '1.5', '0.5'])(
  'a quantity of %s lots of 1 is INVALID_QUANTITY',
  (quantity) => {
    const x = openExchange(people);
    expect(x.place(`b1: ben buys ${quantity} at 10.00`)).toBe('INVALID_QUANTITY');
    expect(x.last().events).toEqual([]);
  },
);

test.each(['0', '-0.01', '10.005', '10.001'])(
  'a price of %s in ticks of 0.01 is INVALID_PRICE',
  (price) => {
    const x = openExchange(people);
    expect(x.place(`b1: ben buys 1 at ${price}`)).toBe('INVALID_PRICE');
    expect(x.place(`b1: ben buys 1 stop ${price}`)).toBe('INVALID_PRICE');
    expect(x.last().events).toEqual([]);
  },
);

test('quantities and prices are whole numbers of lots and ticks, however they are written', () => {
  const x = openExchange(people, { lotSize: '0.25', tickSize: '0.05' });
  expect(x.place('b1: ben buys 0.75 at 1.15')).toBeNull();
  expect(x.place('b2: ben buys 0.750 at 1.1500')).toBeNull();
  expect(x.place('b3: ben buys 0.7 at 1.15')).toBe('INVALID_QUANTITY');
  expect(x.place('b4: ben buys 0.75 at 1.11')).toBe('INVALID_PRICE');
});

test('a MARKET order takes what the book offers, and its remainder is canceled', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  x.place('s2: sue sells 3 at 99.00');
  x.place('b1: ben buys 8');
  expect(x.tape()).toEqual(['3 at 10.00: b1 from s1', '3 at 99.00: b1 from s2']);
  expect(x.state('b1')).toBe('CANCELED 6/0 (NO_LIQUIDITY)');
});

test('a MARKET order on an empty book is canceled without a trade', () => {
  const x = openExchange(people);
  expect(x.place('b1: ben buys 8')).toBeNull();
  expect(x.state('b1')).toBe('CANCELED 0/0 (NO_LIQUIDITY)');
});

test('a MARKET order to buy takes as much as its account can pay for, including the fee', () => {
  const x = openExchange({ ...sellers, ben: { cash: '50.00' } }, { takerFeeBps: '100' });
  x.place('s1: sam sells 3 at 10.00');
  x.place('s2: sue sells 3 at 10.00');
  x.place('b1: ben buys 5');
  // Five would be 50.50.
  expect(x.state('b1')).toBe('CANCELED 4/0 (INSUFFICIENT_FUNDS)');
  expect(x.cash('ben')).toBe('9.60 (held 0.00)');
});

test('a MARKET order cannot spend cash that is reserved for other orders', () => {
  const x = openExchange({ ...sellers, ben: { cash: '50.00' } });
  x.place('b0: ben buys 3 at 9.00');
  x.place('s1: sam sells 5 at 10.00');
  x.place('b1: ben buys 5');
  expect(x.state('b1')).toBe('CANCELED 2/0 (INSUFFICIENT_FUNDS)');
  expect(x.cash('ben')).toBe('30.00 (held 27.00)');
});

test('a MARKET order to sell sells as many shares as its account has available', () => {
  const x = openExchange({ sam: { shares: { ABC: '5' } }, ben: {} });
  x.place('s0: sam sells 2 at 12.00');
  x.place('b1: ben buys 9 at 10.00');
  x.place('s1: sam sells 5');
  expect(x.state('s1')).toBe('CANCELED 3/0 (INSUFFICIENT_SHARES)');
  expect(x.shares('sam')).toBe('2 (held 2)');
});

test('a MARKET order of an account without cash or shares is canceled, not rejected', () => {
  const x = openExchange({ ...sellers, ben: { cash: '1.00' } });
  x.place('s1: sam sells 5 at 10.00');
  expect(x.place('b1: ben buys 5')).toBeNull();
  expect(x.place('s2: ben sells 5')).toBeNull();
  expect(x.state('b1')).toBe('CANCELED 0/0 (INSUFFICIENT_FUNDS)');
  expect(x.state('s2')).toBe('CANCELED 0/0 (INSUFFICIENT_SHARES)');
});

test('an IOC order fills what it can and cancels the rest', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  x.place('s2: sam sells 3 at 10.01');
  x.place('b1: ben buys 5 at 10.00 IOC');
  expect(x.state('b1')).toBe('CANCELED 3/0 (IOC)');
  expect(x.cash('ben')).toBe('970.00 (held 0.00)');
  x.place('b2: ben buys 2 at 10.01 IOC');
  expect(x.state('b2')).toBe('FILLED 2/0');
});

test('a FOK order fills whole, across prices', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  x.place('s2: sue sells 3 at 10.01');
  x.place('b1: ben buys 6 at 10.01 FOK');
  expect(x.state('b1')).toBe('FILLED 6/0');
});

test('a FOK order that cannot fill whole is canceled without a trade', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  x.place('s2: sue sells 3 at 10.01');
  x.place('b1: ben buys 4 at 10.00 FOK');
  expect(x.state('b1')).toBe('CANCELED 0/0 (FOK)');
  expect(x.tape()).toEqual([]);
  expect(x.state('s1')).toBe('NEW 0/3');
  expect(x.cash('ben')).toBe('1000.00 (held 0.00)');
});

test('a FOK order that only its own account could fill is canceled', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  x.place('b1: sam buys 3 at 10.00 FOK');
  expect(x.state('b1')).toMatch(/^CANCELED 0\/0/);
  expect(x.state('s1')).toBe('NEW 0/3');
});

test('a FOK order that could fill only beyond an order of the same account is canceled', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 2 at 10.00');
  x.place('s2: sam sells 2 at 10.01');
  x.place('s3: sue sells 2 at 10.02');
  x.place('b1: sam buys 4 at 10.02 FOK');
  expect(x.state('b1')).toMatch(/^CANCELED 0\/0/);
  x.place('b2: sam buys 2 at 10.02 FOK');
  expect(x.state('b2')).toBe('FILLED 2/0');
});

test('a MARKET FOK order that its account can only pay in part is canceled without a trade', () => {
  const x = openExchange({ ...sellers, ben: { cash: '25.00' } });
  x.place('s1: sam sells 3 at 10.00');
  x.place('b1: ben buys 3 FOK');
  expect(x.state('b1')).toMatch(/^CANCELED 0\/0/);
  x.place('b2: ben buys 2 FOK');
  expect(x.state('b2')).toBe('FILLED 2/0');
});

test('a postOnly order that would cross is rejected, one that would not rests', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  expect(x.place('b1: ben buys 1 at 10.00 GTC postOnly')).toBe('POST_ONLY_WOULD_CROSS');
  expect(x.last().rejection?.data).toEqual({ limitPrice: '10.00', bestPrice: '10.00' });
  expect(x.state('b1')).toMatch(/^REJECTED 0\/0/);
  expect(x.place('b2: ben buys 1 at 9.99 GTC postOnly')).toBeNull();
  expect(x.state('b2')).toBe('NEW 0/1');
  expect(x.place('s2: sam sells 1 at 9.99 GTC postOnly')).toBe('POST_ONLY_WOULD_CROSS');
  expect(x.tape()).toEqual([]);
});

test('a postOnly order crosses an order of the same account as well', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  expect(x.place('b1: sam buys 1 at 10.00 GTC postOnly')).toBe('POST_ONLY_WOULD_CROSS');
});

test('a postOnly order that was accepted trades like any other', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 1 at 10.00 GTC postOnly');
  x.place('s1: sam sells 1 at 10.00');
  expect(x.state('b1')).toBe('FILLED 1/0');
});

test('an order that meets one of the same account is canceled there: SELF_TRADE', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 2 at 10.00');
  x.place('s2: sam sells 2 at 10.01');
  x.place('s3: sue sells 2 at 10.02');
  x.place('b1: sam buys 6 at 10.02');
  expect(x.tape()).toEqual(['2 at 10.00: b1 from s1']);
  expect(x.state('b1')).toBe('CANCELED 2/0 (SELF_TRADE)');
  expect(x.state('s2')).toBe('NEW 0/2');
  expect(x.cash('sam')).toBe('980.00 (held 0.00)');
});

test('a MARKET order never trades with its own account either', () => {
  const x = openExchange(people);
  x.place('b1: sam buys 2 at 10.00');
  x.place('s1: sam sells 2');
  expect(x.state('s1')).toBe('CANCELED 0/0 (SELF_TRADE)');
  expect(x.state('b1')).toBe('NEW 0/2');
  expect(x.shares('sam')).toBe('100 (held 0)');
});

test('an order that is filled before it reaches one of the same account is not canceled', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 2 at 10.00');
  x.place('s2: sam sells 2 at 10.00');
  x.place('b1: sam buys 2 at 10.00');
  expect(x.state('b1')).toBe('FILLED 2/0');
});

test('an order with its trades, reservations and settlements is one append', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 3 at 10.00');
  x.place('s2: sue sells 3 at 10.01');
  x.place('b1: ben buys 8 at 10.01');
  const { events } = x.last();
  expect(new Set(events.map(({ commandId }) => commandId)).size).toBe(1);
  expect(events.map(({ type }) => type)).toEqual([
    'OrderPlaced',
    'TradeExecuted',
    'PurchaseSettled',
    'SaleSettled',
    'TradeExecuted',
    'PurchaseSettled',
    'SaleSettled',
    'CashHeld',
    'OrderBooked',
  ]);
  const amounts = events.filter(({ type }) => type === 'PurchaseSettled');
  expect(amounts.map(({ data }) => data['amount'])).toEqual(['30.00', '30.03']);
});

test('each instrument has its own book', () => {
  const x = openExchange({ sam: { shares: { ABC: '5' } }, ben: {} });
  x.list({ symbol: 'XYZ' });
  x.place('s1: sam sells 5 at 10.00');
  x.place('b1: ben buys 5 XYZ at 10.00');
  expect(x.tape()).toEqual([]);
  expect(x.place('s2: sam sells 5 XYZ at 10.00')).toBe('INSUFFICIENT_SHARES');
});

test('amounts beyond what a JavaScript number holds exactly are exact', () => {
  const cash = '99999999999999999.00';
  const x = openExchange(
    { sam: { cash: '1.00', shares: { ABC: '9007199254740' } }, ben: { cash } },
    { makerFeeBps: '1', takerFeeBps: '2.5' },
  );
  x.place('s1: sam sells 9007199254739 at 1999.99');
  x.place('b1: ben buys 9007199254738 at 1999.99');
  // 9007199254738 × 1999.99, and 1 and 2.5 hundredths of a percent of it.
  const [trade] = x.trades();
  expect(trade?.amount).toBe('18014308437483452.62');
  expect([trade?.sellFee, trade?.buyFee]).toEqual(['1801430843748.35', '4503577109370.86']);
  expect(x.cash('ben')).toBe('81981187985407175.52 (held 0.00)');
  expect(x.cash('sam')).toBe('18012507006639705.27 (held 0.00)');
  expect(x.state('s1')).toBe('PARTIALLY_FILLED 9007199254738/1');
  expect(x.averagePrice('b1')).toBe('1999.99');
  expect(x.place('b2: ben buys 9007199254740993 at 0.01')).toBe('INVALID_QUANTITY');
});
