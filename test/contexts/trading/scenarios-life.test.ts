import { expect, test } from 'vitest';
import { openExchange } from '../../support/exchange.ts';

const people = { sam: { shares: { ABC: '100' } }, sue: { shares: { ABC: '100' } }, ben: {} };

test('an order that was placed rests as NEW, with its instructions', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 9.50 GTD 60s postOnly');
  expect(x.order('b1')).toMatchObject({
    accountId: 'ben',
    symbol: 'ABC',
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTD',
    quantity: '5',
    limitPrice: '9.50',
    stopPrice: null,
    postOnly: true,
    status: 'NEW',
    filledQuantity: '0',
    leavesQuantity: '5',
    replaces: null,
    replacedBy: null,
  });
});

test('an order that is canceled leaves the book', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 5 at 10.00');
  x.place('b1: ben buys 2 at 10.00');
  expect(x.cancel('s1')).toBeNull();
  expect(x.state('s1')).toBe('CANCELED 2/0');
  x.place('b2: ben buys 2 at 10.00');
  expect(x.state('b2')).toBe('NEW 0/2');
});

test('a cancel or replace of a finished order is ORDER_NOT_OPEN, whatever finished it', () => {
  const x = openExchange(people);
  x.place('filled: sam sells 5 at 10.00');
  x.place('b1: ben buys 5 at 10.00');
  x.place('canceled: sam sells 5 at 10.00');
  x.cancel('canceled');
  x.place('expired: sam sells 5 at 10.00 GTD 5s');
  x.wait(5);
  x.expire('expired');
  x.place('replaced: sam sells 5 at 10.00');
  x.replace('replaced', { to: 's9', quantity: '4' });
  x.place('rejected: sam sells 5000 at 10.00');
  for (const id of ['filled', 'canceled', 'expired', 'replaced', 'rejected']) {
    const before = x.state(id);
    expect(before.toLowerCase()).toMatch(new RegExp(`^${id}`));
    expect(x.cancel(id)).toBe('ORDER_NOT_OPEN');
    expect(x.replace(id, { to: 'r1', quantity: '3' })).toBe('ORDER_NOT_OPEN');
    expect(x.last().events).toEqual([]);
    expect(x.expire(id)).toBeNull();
    expect(x.last().events).toEqual([]);
    expect(x.state(id)).toBe(before);
  }
});

test('an order that was never placed cannot be canceled', () => {
  const x = openExchange(people);
  expect(x.cancel('o1')).toBe('ORDER_NOT_FOUND');
  expect(x.replace('o1', { to: 'o2', quantity: '1' })).toBe('ORDER_NOT_FOUND');
  expect(x.expire('o1')).toBe('ORDER_NOT_FOUND');
});

test('the id of an order is used once, also that of a rejected order', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 9.00');
  x.place('b2: ben buys 5000 at 9.00');
  for (const id of ['b1', 'b2']) {
    expect(x.place(`${id}: ben buys 1 at 9.00`)).toBe('ORDER_ALREADY_EXISTS');
    expect(x.replace('b1', { to: id, quantity: '1' })).toBe('ORDER_ALREADY_EXISTS');
  }
  expect(x.state('b1')).toBe('NEW 0/5');
});

test('a GTD order rests until its time and then expires', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 9.00 GTD 60s');
  x.place('s1: sam sells 2 at 9.00');
  x.wait(59);
  x.expire('b1');
  expect(x.state('b1')).toBe('PARTIALLY_FILLED 2/3');
  x.wait(1);
  x.expire('b1');
  expect(x.state('b1')).toBe('EXPIRED 2/0');
});

test('a DAY order rests until the end of its UTC day and then expires', () => {
  const x = openExchange(people);
  x.world.setTime('2026-01-02T23:59:59.500000Z');
  x.place('b1: ben buys 5 at 9.00 DAY');
  expect(x.order('b1').expiresAt).toBe('2026-01-03T00:00:00.000000Z');
  x.world.setTime('2026-01-02T23:59:59.990000Z');
  x.expire('b1');
  expect(x.state('b1')).toBe('NEW 0/5');
  x.world.setTime('2026-01-02T23:59:59.999000Z');
  x.expire('b1');
  expect(x.state('b1')).toBe('EXPIRED 0/0');
});

test('a GTC order never expires', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 9.00');
  x.wait(86_400 * 4_000);
  x.expire('b1');
  expect(x.state('b1')).toBe('NEW 0/5');
});

test('waiting stop orders expire as well', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 9.00 stop 8.00 DAY');
  x.place('s1: sam sells 5 stop 8.00 GTD 60s');
  x.wait(86_400);
  x.expire('b1');
  x.expire('s1');
  expect([x.state('b1'), x.state('s1')]).toEqual(['EXPIRED 0/0', 'EXPIRED 0/0']);
  expect(x.cash('ben')).toBe('1000.00 (held 0.00)');
  expect(x.shares('sam')).toBe('100 (held 0)');
});

test('an order does not trade after its expiry: it expires when it is met', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 5 at 10.00 GTD 60s');
  x.place('s2: sue sells 5 at 10.01');
  x.wait(60);
  x.place('b1: ben buys 5 at 10.01');
  expect(x.tape()).toEqual(['5 at 10.01: b1 from s2']);
  expect(x.state('s1')).toBe('EXPIRED 0/0');
  expect(x.shares('sam')).toBe('100 (held 0)');
});

test('an overdue order neither causes SELF_TRADE nor rejects a postOnly order', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 5 at 10.00 GTD 60s');
  x.wait(60);
  expect(x.place('b1: sam buys 5 at 10.00 GTC postOnly')).toBeNull();
  expect(x.state('b1')).toBe('NEW 0/5');
  expect(x.state('s1')).toBe('EXPIRED 0/0');
});

test('an overdue order can be neither canceled nor replaced: it expires', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 9.00 GTD 60s');
  x.place('b2: ben buys 5 at 9.00 GTD 60s');
  x.wait(60);
  expect(x.cancel('b1')).toBe('ORDER_NOT_OPEN');
  expect(x.replace('b2', { to: 'b3', quantity: '1' })).toBe('ORDER_NOT_OPEN');
  expect([x.state('b1'), x.state('b2')]).toEqual(['EXPIRED 0/0', 'EXPIRED 0/0']);
  expect(x.cash('ben')).toBe('1000.00 (held 0.00)');
});

test('an overdue stop order is not triggered: it expires', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 5 at 10.00');
  x.place('b1: ben buys 5 stop 9.00 GTD 60s');
  x.wait(60);
  x.price('9.00');
  expect(x.state('b1')).toBe('EXPIRED 0/0');
  expect(x.tape()).toEqual([]);
});

test('a halted instrument rejects new orders and replaces, and allows cancels', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 5 at 10.00');
  x.place('s2: sam sells 5 at 10.00');
  x.halt();
  expect(x.place('b1: ben buys 5 at 10.00')).toBe('INSTRUMENT_HALTED');
  expect(x.last().rejection?.data).toEqual({ symbol: 'ABC' });
  expect(x.place('b2: ben buys 5')).toBe('INSTRUMENT_HALTED');
  expect(x.place('b3: ben buys 5 stop 12.00')).toBe('INSTRUMENT_HALTED');
  expect(x.replace('s1', { to: 's3', quantity: '4' })).toBe('INSTRUMENT_HALTED');
  expect(x.state('s1')).toBe('NEW 0/5');
  expect(x.cancel('s1')).toBeNull();
  x.resume();
  expect(x.place('b4: ben buys 5 at 10.00')).toBeNull();
  expect(x.state('s2')).toBe('FILLED 5/0');
});

test('a halt of one instrument does not affect another', () => {
  const x = openExchange(people);
  x.list({ symbol: 'XYZ' });
  x.halt('XYZ');
  expect(x.place('b1: ben buys 5 at 10.00')).toBeNull();
  expect(x.place('b2: ben buys 5 XYZ at 10.00')).toBe('INSTRUMENT_HALTED');
});

test('an instrument whose tick is too fine to be traded can still be halted and resumed', () => {
  const x = openExchange(people);
  x.list({ symbol: 'XYZ', tickSize: '0.000000000000001' });
  expect(x.place('b1: ben buys 5 XYZ at 9.00')).toBe('INVALID_PRICE');
  expect(x.halt('XYZ')).toBeNull();
  expect(x.resume('XYZ')).toBeNull();
});

test('orders expire during a halt', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 9.00 GTD 60s');
  x.halt();
  x.wait(60);
  x.expire('b1');
  expect(x.state('b1')).toBe('EXPIRED 0/0');
});

test('no stop order is triggered during a halt; those reached then enter after it', () => {
  const x = openExchange(people);
  x.place('s1: sue sells 5 at 10.00');
  x.place('b1: ben buys 2 stop 9.00');
  x.place('b2: ben buys 2 stop 11.00');
  x.place('b3: ben buys 2 at 10.00 stop 8.00');
  x.halt();
  x.price('12.00');
  x.price('9.50');
  expect([x.state('b1'), x.state('b2'), x.state('b3')]).toEqual(Array(3).fill('HELD 0/2'));
  x.resume();
  expect(x.tape()).toEqual(['2 at 10.00: b1 from s1', '2 at 10.00: b3 from s1']);
  expect(x.state('b2')).toBe('HELD 0/2');
  expect(new Set(x.last().events.map(({ commandId }) => commandId)).size).toBe(1);
});

test('a rejected order is recorded with the code of its rejection, and reserves nothing', () => {
  const x = openExchange(people);
  const rejections: Record<string, string> = {
    'o1: ben buys 101 at 10.00': 'INSUFFICIENT_FUNDS',
    'o2: ben sells 1 at 10.00': 'INSUFFICIENT_SHARES',
    'o3: ben sells 1 stop 10.00': 'INSUFFICIENT_SHARES',
  };
  for (const [text, code] of Object.entries(rejections)) {
    expect(x.place(text)).toBe(code);
    const { events, rejection } = x.last();
    expect(events.map(({ type }) => type)).toEqual(['OrderRejected']);
    expect(events[0]?.data).toMatchObject({ code, reason: rejection?.message });
    expect(x.order(text.slice(0, 2))).toMatchObject({
      status: 'REJECTED',
      filledQuantity: '0',
      leavesQuantity: '0',
      reason: rejection?.message,
    });
  }
  x.halt();
  expect(x.place('o4: ben buys 1 at 10.00')).toBe('INSTRUMENT_HALTED');
  expect(x.state('o4')).toMatch(/^REJECTED/);
  expect(x.cash('ben')).toBe('1000.00 (held 0.00)');
});

test('a frozen account cannot place orders, and has none in the book', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 10.00');
  x.freeze('ben');
  expect(x.place('b2: ben buys 5 at 10.00')).toBe('ACCOUNT_NOT_OPEN');
  expect(x.replace('b1', { to: 'b3', quantity: '4' })).toBe('ORDER_NOT_OPEN');
  x.place('s1: sam sells 2 at 10.00');
  expect(x.state('b1')).toBe('CANCELED 0/0 (ACCOUNT_FROZEN)');
  expect(x.cash('ben')).toMatch(/\(held 0.00\)$/);
});

test('a malformed order is rejected and not recorded', () => {
  const x = openExchange({ ...people, eve: { currency: 'EUR' } });
  expect(x.place('o1: ann buys 1 at 1.00')).toBe('ACCOUNT_NOT_FOUND');
  expect(x.place('o2: ben buys 1 NONE at 1.00')).toBe('INSTRUMENT_NOT_FOUND');
  expect(x.place('o3: eve buys 1 at 1.00')).toBe('CURRENCY_MISMATCH');
  expect(x.last().rejection?.data).toEqual({ expected: 'USD', actual: 'EUR' });
  expect(x.depositShares('ben', '0')).toBe('INVALID_QUANTITY');
  expect(x.orders()).toEqual([]);
});
