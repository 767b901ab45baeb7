import { expect, test } from 'vitest';
import { openExchange } from '../../support/exchange.ts';

const most = 1_000;
const terms = { symbol: 'XYZ', name: 'Xyz' };

function openCrowd() {
  const x = openExchange({ ann: { cash: '100000.00' }, bob: { shares: { ABC: '2000' } } });
  x.list(terms);
  for (let count = 0; count < most / 2; count += 1) {
    x.place(`b${count}: ann buys 1 at 9.00`);
    x.place(`s${count}: ann buys 1 stop 11.00`);
  }
  return x;
}

test('an account with the maximum number of open orders cannot place another one', () => {
  const x = openCrowd();
  expect(x.place('more: ann buys 1 at 9.00')).toBe('TOO_MANY_OPEN_ORDERS');
  expect(x.last().rejection).toMatchObject({
    message: 'account ann has 1000 open orders in ABC: at most 1000 are allowed',
    data: { accountId: 'ann', symbol: 'ABC', openOrders: most, openOrdersMax: most },
  });
  expect(x.state('more')).toContain('REJECTED');
  expect(x.place('stop: ann buys 1 stop 12.00')).toBe('TOO_MANY_OPEN_ORDERS');
  expect(x.place('now: ann buys 1 stop 8.00')).toBe('TOO_MANY_OPEN_ORDERS');
});

test('such an account can still trade at once, replace, cancel, and use other instruments', () => {
  const x = openCrowd();
  expect(x.place('ask: bob sells 5 at 9.50')).toBeNull();
  expect(x.place('market: ann buys 1')).toBeNull();
  expect(x.place('brief: ann buys 1 at 9.50 IOC')).toBeNull();
  expect(x.place('other: ann buys 1 XYZ at 9.00')).toBeNull();
  expect(x.replace('b0', { to: 'new', limitPrice: '9.01' })).toBeNull();
  expect(x.place('more: ann buys 1 at 9.00')).toBe('TOO_MANY_OPEN_ORDERS');
  expect(x.cancel('b1')).toBeNull();
  expect(x.place('next: ann buys 1 at 9.00')).toBeNull();
  expect(x.place('last: ann buys 1 at 9.00')).toBe('TOO_MANY_OPEN_ORDERS');
});

test('fills, expiries and freezes allow other orders again', () => {
  const x = openCrowd();
  expect(x.place('sell: bob sells 3 at 9.00')).toBeNull();
  for (let count = 0; count < 3; count += 1) {
    expect(x.place(`t${count}: ann buys 1 at 9.00 GTD 60s`)).toBeNull();
  }
  expect(x.place('full: ann buys 1 at 9.00')).toBe('TOO_MANY_OPEN_ORDERS');
  x.wait(61);
  expect(x.expire('t0')).toBeNull();
  expect(x.place('free: ann buys 1 at 9.00')).toBeNull();
  expect(x.place('over: ann buys 1 at 9.00')).toBe('TOO_MANY_OPEN_ORDERS');
  x.freeze('ann');
  x.unfreeze('ann');
  expect(x.place('next: ann buys 1 at 9.00')).toBeNull();
  expect(x.orders().filter(({ status }) => status === 'NEW')).toHaveLength(1);
});
