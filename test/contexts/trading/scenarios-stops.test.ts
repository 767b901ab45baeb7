import { expect, test } from 'vitest';
import { addMicroseconds } from '../../../src/lib/date-time.ts';
import { type Exchange, openExchange } from '../../support/exchange.ts';

const people = {
  sam: { shares: { ABC: '100' } },
  sue: { shares: { ABC: '100' } },
  ben: { cash: '10000.00', shares: { ABC: '100' } },
  bea: { cash: '10000.00' },
};

/** Lets sam and bea trade one share at a price. */
function trade(x: Exchange, price: string, id = `t${price.replace('.', '')}`): void {
  x.place(`${id}s: sam sells 1 at ${price}`);
  x.place(`${id}b: bea buys 1 at ${price}`);
}

test('a stop order is HELD while there is no trade and no recorded price', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 stop 10.00');
  x.place('s1: ben sells 5 stop 10.00');
  expect([x.state('b1'), x.state('s1')]).toEqual(['HELD 0/5', 'HELD 0/5']);
});

test('a STOP to buy waits until a trade is at its stop or above', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 stop 10.00');
  trade(x, '9.99');
  expect(x.state('b1')).toBe('HELD 0/5');
  x.place('s1: sue sells 5 at 10.40');
  trade(x, '10.00');
  expect(x.state('b1')).toBe('FILLED 5/0');
  expect(x.tape().at(-1)).toBe('5 at 10.40: b1 from s1');
});

test('a STOP to sell waits until a trade is at its stop or below', () => {
  const x = openExchange(people);
  x.place('s1: ben sells 5 stop 10.00');
  trade(x, '10.01');
  expect(x.state('s1')).toBe('HELD 0/5');
  x.place('b1: bea buys 5 at 9.00');
  trade(x, '9.80');
  expect(x.state('s1')).toBe('FILLED 5/0');
});

test.each([
  ['b1: ben buys 5 stop 10.00', '9.99', '10.00'],
  ['b1: ben buys 5 stop 10.00', '9.9999', '10.0001'],
  ['b1: ben sells 5 stop 10.00', '10.01', '10.00'],
  ['b1: ben sells 5 stop 10.00', '10.0001', '9.9999'],
])('%s waits at a recorded price of %s and enters at %s', (order, before, reached) => {
  const x = openExchange(people);
  x.place(order);
  x.price(before);
  expect(x.state('b1')).toBe('HELD 0/5');
  x.price(reached);
  expect(x.state('b1')).toBe('CANCELED 0/0 (NO_LIQUIDITY)');
});

test('a STOP enters as a MARKET order: what the book does not offer is canceled', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 stop 10.00');
  x.place('s1: sue sells 3 at 50.00');
  x.price('10.00');
  expect(x.state('b1')).toBe('CANCELED 3/0 (NO_LIQUIDITY)');
});

test('a STOP to buy takes as much as its account can pay for when it is triggered', () => {
  const x = openExchange({ ...people, ben: { cash: '20.00' } });
  x.place('s1: sue sells 5 at 8.00');
  x.place('b1: ben buys 5 stop 10.00');
  x.price('10.00');
  expect(x.state('b1')).toBe('CANCELED 2/0 (INSUFFICIENT_FUNDS)');
});

test('a STOP_LIMIT enters as a LIMIT order: what the book does not offer rests', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 10.10 stop 10.00');
  x.place('s1: sue sells 3 at 10.10');
  x.place('s2: sue sells 3 at 10.11');
  expect(x.state('b1')).toBe('HELD 0/5');
  x.price('10.00');
  expect(x.state('b1')).toBe('PARTIALLY_FILLED 3/2');
  x.place('s3: sam sells 2 at 10.00');
  expect(x.tape().at(-1)).toBe('2 at 10.10: b1 from s3');
});

test('a triggered STOP_LIMIT comes after the orders that already rest at its price', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 2 at 10.00 stop 11.00');
  x.place('b2: bea buys 2 at 10.00');
  x.price('11.00');
  expect(x.state('b1')).toBe('NEW 0/2');
  x.place('s1: sam sells 3 at 10.00');
  expect(x.tape()).toEqual(['2 at 10.00: b2 from s1', '1 at 10.00: b1 from s1']);
});

test.each([
  ['IOC', 'CANCELED 3/0 (IOC)'],
  ['FOK', 'CANCELED 0/0 (FOK)'],
])('a STOP_LIMIT with %s waits, and keeps its instructions when it enters', (tif, state) => {
  const x = openExchange(people);
  x.place('s1: sue sells 3 at 10.00');
  x.place(`b1: ben buys 5 at 10.00 stop 9.00 ${tif}`);
  expect(x.state('b1')).toBe('HELD 0/5');
  x.price('9.00');
  expect(x.state('b1')).toBe(state);
  expect(x.cash('ben')).toMatch(/held 0\.00/);
});

test('a stop order whose price is reached when it is placed enters at once', () => {
  const x = openExchange(people);
  x.price('10.00');
  x.place('s1: sue sells 5 at 10.00');
  x.place('b1: ben buys 2 stop 10.00');
  x.place('b2: ben buys 3 at 10.00 stop 9.00');
  x.place('s2: ben sells 1 stop 10.00');
  expect([x.state('b1'), x.state('b2')]).toEqual(['FILLED 2/0', 'FILLED 3/0']);
  expect(x.state('s2')).toBe('CANCELED 0/0 (NO_LIQUIDITY)');
  x.place('b3: ben buys 2 stop 10.01');
  x.place('s3: ben sells 2 stop 9.99');
  expect([x.state('b3'), x.state('s3')]).toEqual(['HELD 0/2', 'HELD 0/2']);
});

test('a price that was recorded before the first order counts for it', () => {
  const x = openExchange(people);
  x.price('10.00', { secondsAgo: 3600 });
  x.price('12.00', { secondsAgo: 7200 });
  x.place('b1: ben buys 2 stop 11.00');
  expect(x.state('b1')).toBe('HELD 0/2');
  x.place('b2: ben buys 2 stop 10.00');
  expect(x.state('b2')).toMatch(/^CANCELED/);
});

test('a price that is recorded too late to be the last one triggers nothing', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 2 stop 11.00');
  x.price('10.00', { secondsAgo: 60 });
  x.price('12.00', { secondsAgo: 120 });
  expect(x.state('b1')).toBe('HELD 0/2');
  trade(x, '10.50');
  x.price('12.00', { secondsAgo: 30 });
  expect(x.state('b1')).toBe('HELD 0/2');
  x.price('11.00');
  expect(x.state('b1')).toMatch(/^CANCELED/);
});

test('each of several prices that are recorded together can trigger', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 2 stop 11.00');
  x.place('s1: ben sells 2 stop 9.00');
  x.wait(100);
  x.prices([
    { price: '11.00', secondsAgo: 30 },
    { price: '8.00', secondsAgo: 60 },
    { price: '10.00', secondsAgo: 20 },
  ]);
  expect(x.state('b1')).toMatch(/^CANCELED/);
  expect(x.state('s1')).toBe('HELD 0/2');
});

test('any trade of an order triggers, not only its last one', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 1 at 10.00');
  x.place('s2: sue sells 1 at 11.00');
  x.place('s3: ben sells 5 stop 10.00');
  x.place('b1: bea buys 2 at 11.00');
  expect(x.state('s3')).toMatch(/^CANCELED/);
});

test('triggered orders enter after the order that triggered them has finished', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 1 at 10.00');
  x.place('s2: sue sells 1 at 10.01');
  x.place('b1: ben buys 5 stop 10.00');
  x.place('b2: bea buys 2 at 10.01');
  expect(x.tape()).toEqual(['1 at 10.00: b2 from s1', '1 at 10.01: b2 from s2']);
  expect(x.state('b1')).toMatch(/^CANCELED 0/);
});

test('the rest of the triggering order is in the book when the triggered one enters', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 1 at 10.00');
  x.place('s2: ben sells 3 stop 10.00');
  x.place('b1: bea buys 3 at 10.00');
  expect(x.tape()).toEqual(['1 at 10.00: b1 from s1', '2 at 10.00: b1 from s2']);
  expect(x.state('s2')).toBe('CANCELED 2/0 (NO_LIQUIDITY)');
});

test('orders triggered together enter in the order in which they were placed', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 4 at 20.00');
  x.place('b1: ben buys 2 stop 10.02');
  x.place('b2: bea buys 2 stop 10.00');
  x.place('b3: ben buys 2 stop 10.01');
  x.price('10.05');
  expect(x.tape()).toEqual(['2 at 20.00: b1 from s1', '2 at 20.00: b2 from s1']);
  expect(x.state('b3')).toBe('CANCELED 0/0 (NO_LIQUIDITY)');
});

test('orders of both sides that one order triggers enter in the order of placing', () => {
  const x = openExchange(people);
  x.place('s1: ben sells 1 stop 10.00');
  x.place('b1: bea buys 1 stop 11.00');
  x.place('s2: sue sells 1 at 10.00');
  x.place('s3: sue sells 1 at 11.00');
  x.place('b2: bea buys 4 at 11.00');
  const triggered = x.last().events.filter(({ type }) => type === 'OrderTriggered');
  expect(triggered.map(({ data }) => data['orderId'])).toEqual(['s1', 'b1']);
  expect(x.tape().at(-1)).toBe('1 at 11.00: b2 from s1');
});

test('triggered orders trigger others, which enter after those that were triggered before', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 1 at 11.00');
  x.place('s2: sue sells 1 at 12.00');
  x.place('s3: sue sells 1 at 13.00');
  x.place('b3: bea buys 1 stop 11.00');
  x.place('b1: ben buys 1 stop 10.00');
  x.place('b2: ben buys 1 stop 10.00');
  x.price('10.00');
  expect(x.tape()).toEqual([
    '1 at 11.00: b1 from s1',
    '1 at 12.00: b2 from s2',
    '1 at 13.00: b3 from s3',
  ]);
  expect(new Set(x.last().events.map(({ commandId }) => commandId)).size).toBe(1);
});

test('an order that was triggered enters even when the price has moved back since', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 1 at 11.00');
  x.place('b9: bea buys 1 at 8.00');
  x.place('b1: ben buys 1 stop 10.00');
  x.place('s2: sam sells 1 stop 11.00');
  x.place('b2: bea buys 1 stop 10.50');
  x.price('12.00');
  const triggered = x.world.events.filter(({ type }) => type === 'OrderTriggered');
  expect(triggered.map(({ data }) => data['orderId'])).toEqual(['b1', 'b2', 's2']);
});

test('a triggered order does not trade with its own account', () => {
  const x = openExchange(people);
  x.place('s1: ben sells 5 at 10.00');
  x.place('b1: ben buys 5 stop 9.00');
  x.price('9.00');
  expect(x.state('b1')).toBe('CANCELED 0/0 (SELF_TRADE)');
});

test('a trade that a late price triggers occurs now, not when the price occurred', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 5 at 10.00');
  x.place('b1: ben buys 5 stop 9.00');
  x.wait(3700);
  x.price('9.00', { secondsAgo: 3600 });
  expect(x.state('b1')).toBe('FILLED 5/0');
  const [trade] = x.trades();
  expect(trade?.occurredAt.slice(0, 23)).toBe(x.world.time().slice(0, 23));
  x.place('b2: ben buys 5 stop 11.00');
  x.price('12.00', { secondsAgo: 1800 });
  expect(x.state('b2')).toBe('HELD 0/5');
});

test('a recorded price triggers only stop orders that were placed by the time it occurred', () => {
  const x = openExchange(people);
  x.place('s1: ben sells 5 stop 15.00');
  x.wait(60);
  x.place('s2: sue sells 5 stop 15.00');
  x.price('14.00', { secondsAgo: 3600 });
  expect([x.state('s1'), x.state('s2')]).toEqual(['HELD 0/5', 'HELD 0/5']);
  x.price('14.00', { secondsAgo: 30 });
  expect(x.state('s1')).toBe('CANCELED 0/0 (NO_LIQUIDITY)');
  expect(x.state('s2')).toBe('HELD 0/5');
  x.price('14.00');
  expect(x.state('s2')).toBe('CANCELED 0/0 (NO_LIQUIDITY)');
});

test('a price that occurred exactly when the order was placed triggers', () => {
  const x = openExchange(people);
  x.place('s1: ben sells 5 stop 15.00');
  const placedAt = x.order('s1').placedAt;
  const before = addMicroseconds(placedAt, -1);
  x.wait(1);
  x.priceAt('14.00', before);
  expect(x.state('s1')).toBe('HELD 0/5');
  x.priceAt('14.00', placedAt);
  expect(x.state('s1')).toMatch(/^CANCELED/);
});

test('an order that replaces a stop order counts as placed at the time of the replace', () => {
  const x = openExchange(people);
  x.place('s1: ben sells 5 stop 15.00');
  x.wait(60);
  x.replace('s1', { to: 's2', quantity: '4' });
  x.price('14.00', { secondsAgo: 30 });
  expect(x.state('s2')).toBe('HELD 0/4');
});

test('history that is recorded during a halt triggers nothing when trading resumes', () => {
  const x = openExchange(people);
  x.place('s1: ben sells 5 stop 15.00');
  x.halt();
  x.price('14.00', { secondsAgo: 3600 });
  x.resume();
  expect(x.state('s1')).toBe('HELD 0/5');
  x.halt();
  x.price('14.00');
  x.resume();
  expect(x.state('s1')).toMatch(/^CANCELED/);
});

test('stop orders of one instrument ignore the prices of another', () => {
  const x = openExchange(people);
  x.list({ symbol: 'XYZ' });
  x.place('b1: ben buys 5 XYZ stop 9.00');
  x.place('b2: ben buys 5 stop 9.00');
  x.price('9.00');
  expect(x.state('b1')).toBe('HELD 0/5');
  expect(x.state('b2')).toMatch(/^CANCELED/);
});
