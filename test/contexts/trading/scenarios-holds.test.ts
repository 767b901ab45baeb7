import { expect, test } from 'vitest';
import { openExchange } from '../../support/exchange.ts';
import { findBrokenMoments } from '../../support/market-invariants.ts';

const people = { sam: { shares: { ABC: '100' } }, ben: {} };
const fees = { makerFeeBps: '10', takerFeeBps: '25' };

test('a LIMIT order to buy reserves its price times its quantity, and the maximum fee', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 10 at 10.00');
  expect(x.cash('ben')).toBe('1000.00 (held 100.25)');
});

test('the reserved fee is the greater one of the maker and taker fees', () => {
  const x = openExchange(people, { makerFeeBps: '50', takerFeeBps: '25' });
  x.place('b1: ben buys 10 at 10.00');
  expect(x.cash('ben')).toBe('1000.00 (held 100.50)');
});

test('an order to sell reserves its shares', () => {
  const x = openExchange(people, fees);
  x.place('s1: sam sells 10 at 10.00');
  expect(x.shares('sam')).toBe('100 (held 10)');
  expect(x.cash('sam')).toBe('1000.00 (held 0.00)');
});

test('a fill at a better price releases the rest to the last minor unit', () => {
  const x = openExchange(people, fees);
  x.place('s1: sam sells 4 at 9.50');
  x.place('b1: ben buys 10 at 10.00');
  // 38.00 and a fee of 0.10 (0.095) are paid; 6 at 10.00 and 0.15 are reserved.
  expect(x.cash('ben')).toBe('961.90 (held 60.15)');
  x.place('s2: sam sells 6 at 10.00');
  // As the maker it pays 0.06 of the 0.15.
  expect(x.cash('ben')).toBe('901.84 (held 0.00)');
  expect(x.shares('ben')).toBe('10 (held 0)');
  expect(x.shares('sam')).toBe('90 (held 0)');
});

test('the reserved cash of a resting order follows its fills', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 3 at 3.33');
  const held: string[] = [];
  for (const id of ['s1', 's2', 's3']) {
    held.push(x.cash('ben'));
    x.place(`${id}: sam sells 1 at 3.33`);
  }
  // The second fill takes the first cent of the fee of 0.00999.
  expect(held).toEqual(['1000.00 (held 10.01)', '996.67 (held 6.68)', '993.33 (held 3.33)']);
  expect(x.cash('ben')).toBe('990.00 (held 0.00)');
});

test('shares are no longer reserved once they are sold', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 10 at 10.00');
  x.place('b1: ben buys 4 at 10.00');
  expect(x.shares('sam')).toBe('96 (held 6)');
});

test('a cancel releases everything that is reserved', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 3 at 3.33');
  x.place('s0: sam sells 1 at 3.33');
  x.place('s1: sam sells 7 at 5.00');
  x.cancel('b1');
  x.cancel('s1');
  expect(x.cash('ben')).toBe('996.67 (held 0.00)');
  expect(x.shares('sam')).toBe('99 (held 0)');
});

test('an expiry releases everything that is reserved', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 3 at 3.33 GTD 60s');
  x.place('s1: sam sells 7 at 5.00 GTD 60s');
  x.wait(60);
  x.expire('b1');
  x.expire('s1');
  expect(x.cash('ben')).toBe('1000.00 (held 0.00)');
  expect(x.shares('sam')).toBe('100 (held 0)');
});

test('a replace reserves exactly what the new order needs', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 10 at 10.00');
  x.replace('b1', { to: 'b2', limitPrice: '9.00' });
  expect(x.cash('ben')).toBe('1000.00 (held 90.23)');
  x.replace('b2', { to: 'b3', quantity: '3' });
  expect(x.cash('ben')).toBe('1000.00 (held 27.07)');
  x.replace('b3', { to: 'b4', quantity: '11', limitPrice: '9.50' });
  expect(x.cash('ben')).toBe('1000.00 (held 104.76)');
  x.place('s1: sam sells 10 at 10.00');
  x.replace('s1', { to: 's2', quantity: '4' });
  expect(x.shares('sam')).toBe('100 (held 4)');
  x.replace('s2', { to: 's3', quantity: '40' });
  expect(x.shares('sam')).toBe('100 (held 40)');
});

test('a replace may use what the old order reserves, and is rejected beyond it', () => {
  const x = openExchange({ sam: { shares: { ABC: '10' } }, ben: { cash: '100.00' } });
  x.place('b1: ben buys 10 at 9.00');
  expect(x.replace('b1', { to: 'b2', limitPrice: '10.01' })).toBe('INSUFFICIENT_FUNDS');
  expect(x.last().rejection?.data).toMatchObject({ available: '100.00', requested: '100.10' });
  expect(x.cash('ben')).toBe('100.00 (held 90.00)');
  expect(x.replace('b1', { to: 'b2', limitPrice: '10.00' })).toBeNull();
  expect(x.cash('ben')).toBe('100.00 (held 100.00)');
  x.place('s1: sam sells 8 at 11.00');
  expect(x.replace('s1', { to: 's2', quantity: '11' })).toBe('INSUFFICIENT_SHARES');
  expect(x.replace('s1', { to: 's2', quantity: '10' })).toBeNull();
  expect(x.shares('sam')).toBe('10 (held 10)');
});

test.each(['GTC', 'IOC', 'FOK'])(
  'a buy LIMIT %s needs its full reserve when it is placed',
  (tif) => {
    const x = openExchange({ ...people, ben: { cash: '99.99' } });
    x.place('s1: sam sells 10 at 1.00');
    expect(x.place(`b1: ben buys 10 at 10.00 ${tif}`)).toBe('INSUFFICIENT_FUNDS');
    const { data } = x.last().rejection ?? {};
    expect(data).toEqual({ accountId: 'ben', available: '99.99', requested: '100.00' });
    x.depositCash('ben', '0.01');
    expect(x.place(`b2: ben buys 10 at 10.00 ${tif}`)).toBeNull();
    expect(x.cash('ben')).toBe('90.00 (held 0.00)');
  },
);

test('an order to sell more than is available is rejected, also if it is IOC or FOK', () => {
  const x = openExchange({ sam: { shares: { ABC: '10' } } });
  x.place('s1: sam sells 7 at 10.00');
  for (const [index, tif] of ['GTC', 'IOC', 'FOK'].entries()) {
    expect(x.place(`t${index}: sam sells 4 at 10.00 ${tif}`)).toBe('INSUFFICIENT_SHARES');
  }
  const { data } = x.last().rejection ?? {};
  expect(data).toEqual({ accountId: 'sam', symbol: 'ABC', available: '3', requested: '4' });
  expect(x.place('s2: sam sells 3 at 10.00')).toBeNull();
});

test('a STOP_LIMIT to buy reserves like a LIMIT, a STOP to buy reserves nothing', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 10 at 10.00 stop 9.00');
  expect(x.cash('ben')).toBe('1000.00 (held 100.25)');
  expect(x.place('b2: ben buys 1000 stop 9.00')).toBeNull();
  expect(x.cash('ben')).toBe('1000.00 (held 100.25)');
  expect(x.place('b3: ben buys 90 at 10.00 stop 9.00')).toBe('INSUFFICIENT_FUNDS');
});

test('stop orders to sell reserve their shares, with and without a limit', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 10 stop 9.00');
  x.place('s2: sam sells 20 at 8.00 stop 9.00');
  expect(x.shares('sam')).toBe('100 (held 30)');
  expect(x.place('s3: sam sells 71 stop 9.00')).toBe('INSUFFICIENT_SHARES');
});

test('stop orders that are canceled release what they reserve', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 10 at 10.00 stop 9.00');
  x.place('s1: sam sells 10 stop 9.00');
  x.cancel('b1');
  x.cancel('s1');
  expect(x.cash('ben')).toBe('1000.00 (held 0.00)');
  expect(x.shares('sam')).toBe('100 (held 0)');
});

test('a triggered STOP_LIMIT pays from its reserved cash, and keeps the rest reserved', () => {
  const x = openExchange({ ...people, ben: { cash: '100.25' } }, fees);
  x.place('b1: ben buys 10 at 10.00 stop 9.00');
  x.place('s1: sam sells 4 at 9.50');
  x.price('9.00');
  expect(x.state('b1')).toBe('PARTIALLY_FILLED 4/6');
  expect(x.cash('ben')).toBe('62.15 (held 60.15)');
  x.cancel('b1');
  expect(x.cash('ben')).toBe('62.15 (held 0.00)');
});

test.each(['b1: ben buys 3 at 3.33 stop 3.00', 'b1: ben buys 3 at 3.33'])(
  '%s: if rounding takes more than was reserved, the fee is paid and less stays reserved',
  (order) => {
    const x = openExchange({ ...people, ben: { cash: '10.01' } }, fees);
    x.place('s1: sam sells 1 at 3.33');
    x.place(order);
    x.price('3.00');
    // Three times 3.33 and a fee of 0.02 are reserved; one share costs 3.33 and a fee of 0.01.
    expect(x.cash('ben')).toBe('6.67 (held 6.67)');
  },
);

test('a triggered order never reserves more than the account has, after any event', () => {
  const terms = { tickSize: '0.001', lotSize: '0.5' };
  const x = openExchange({ ...people, ben: { cash: '0.01' }, bob: {} }, terms);
  x.place('s1: sam sells 1 at 0.010');
  x.place('b0: bob buys 0.5 at 0.020 IOC');
  x.place('b1: ben buys 1 at 0.010 stop 0.010');
  x.price('0.010');
  expect(findBrokenMoments(x)).toEqual([]);
  // Its 0.005 costs the whole cent, so the rest needs no cash.
  expect(x.state('b1')).toBe('PARTIALLY_FILLED 0.5/0.5');
  expect(x.cash('ben')).toBe('0.00 (held 0.00)');
});

test('a triggered STOP to sell releases the shares that it cannot sell', () => {
  const x = openExchange({ ...people, sam: { shares: { ABC: '10' } } });
  x.place('b1: ben buys 4 at 9.00');
  x.place('s1: sam sells 10 stop 9.50');
  x.price('9.50');
  expect(x.state('s1')).toBe('CANCELED 4/0 (NO_LIQUIDITY)');
  expect(x.shares('sam')).toBe('6 (held 0)');
});

test('reserved cash cannot be withdrawn', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 10 at 10.00');
  expect(x.withdrawCash('ben', '900.01')).toBe('INSUFFICIENT_FUNDS');
  expect(x.withdrawCash('ben', '900.00')).toBeNull();
  x.place('s1: sam sells 10 at 10.00');
  expect(x.cash('ben')).toBe('0.00 (held 0.00)');
});

test('the events of an order reserve and release the same total', () => {
  const x = openExchange(people, fees);
  x.place('b1: ben buys 10 at 9.99');
  x.place('s1: sam sells 3 at 9.99');
  x.replace('b1', { to: 'b2', quantity: '9', limitPrice: '9.98' });
  x.place('s2: sam sells 4 at 9.98');
  x.cancel('b2');
  const cash = x.world.events.map(({ type, data }) => {
    if (type === 'CashHeld') return Number(data['amount']) * 100;
    if (type === 'CashReleased') return Number(data['amount']) * -100;
    return type === 'PurchaseSettled' ? Number(data['released']) * -100 : 0;
  });
  expect(Math.round(cash.reduce((sum, amount) => sum + amount, 0))).toBe(0);
  expect(x.cash('ben')).toMatch(/held 0\.00/);
});
