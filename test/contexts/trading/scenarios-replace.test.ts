import { expect, test } from 'vitest';
import { openExchange } from '../../support/exchange.ts';

const people = {
  sam: { shares: { ABC: '100' } },
  sue: { shares: { ABC: '100' } },
  ben: {},
  bea: {},
};

/** Two bids of five at one price; b1 came first. */
function twoBids() {
  const x = openExchange(people);
  x.place('b1: ben buys 5 at 10.00');
  x.place('b2: bea buys 5 at 10.00');
  return x;
}

test('a replace makes a new order that points to the old one, which is REPLACED', () => {
  const x = twoBids();
  expect(x.replace('b1', { to: 'b3', quantity: '7', limitPrice: '9.90' })).toBeNull();
  expect(x.state('b1')).toBe('REPLACED 0/0');
  expect(x.order('b1').replacedBy).toBe('b3');
  expect(x.order('b3')).toMatchObject({
    replaces: 'b1',
    status: 'NEW',
    quantity: '7',
    limitPrice: '9.90',
    leavesQuantity: '7',
    accountId: 'ben',
    side: 'BUY',
    type: 'LIMIT',
    timeInForce: 'GTC',
    stopPrice: null,
  });
  x.place('s1: sam sells 12 at 9.90');
  expect(x.tape()).toEqual(['5 at 10.00: b2 from s1', '7 at 9.90: b3 from s1']);
});

test('a new order without a given id gets a new id', () => {
  const x = twoBids();
  x.replace('b1', { to: null as never, quantity: '4' });
  const { replacedBy } = x.order('b1');
  expect(replacedBy).toMatch(/^[0-9a-f-]{36}$/);
  expect(x.state(replacedBy ?? '')).toBe('NEW 0/4');
});

test.each([
  ['fewer shares at the price', { quantity: '3' }, 'b3'],
  ['nothing else', {}, 'b3'],
  ['the same quantity and price', { quantity: '5', limitPrice: '10.00' }, 'b3'],
  ['the same price, written otherwise', { limitPrice: '10' }, 'b3'],
  ['more shares', { quantity: '6' }, 'b2'],
  ['more shares at the same price', { quantity: '6', limitPrice: '10.00' }, 'b2'],
])('after a replace by %s the next seller meets the right order', (_what, changes, met) => {
  const x = twoBids();
  x.replace('b1', { to: 'b3', ...changes });
  x.place('s1: sam sells 1 at 10.00');
  expect(x.tape()).toEqual([`1 at 10.00: ${met} from s1`]);
});

test('a change of the price loses the priority, also when it is changed back', () => {
  const x = twoBids();
  x.replace('b1', { to: 'b3', limitPrice: '10.01' });
  x.replace('b3', { to: 'b4', limitPrice: '10.00' });
  x.place('s1: sam sells 1 at 10.00');
  expect(x.tape()).toEqual(['1 at 10.00: b2 from s1']);
});

test('fewer shares at another price lose the priority', () => {
  const x = twoBids();
  x.place('b5: sue buys 1 at 9.99');
  x.replace('b1', { to: 'b3', quantity: '1', limitPrice: '9.99' });
  x.place('s1: sam sells 6 at 9.99');
  expect(x.tape()).toEqual(['5 at 10.00: b2 from s1', '1 at 9.99: b5 from s1']);
});

test('a replace by fewer and then by more shares loses the priority', () => {
  const x = twoBids();
  x.replace('b1', { to: 'b3', quantity: '3' });
  x.replace('b3', { to: 'b4', quantity: '5' });
  x.place('s1: sam sells 1 at 10.00');
  expect(x.tape()).toEqual(['1 at 10.00: b2 from s1']);
});

test('the quantity includes the shares that were filled: to 7 with 3 filled leaves 4', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 10 at 10.00');
  x.place('b2: bea buys 10 at 10.00');
  x.place('s1: sam sells 3 at 10.00');
  x.replace('b1', { to: 'b3', quantity: '7' });
  expect(x.state('b1')).toBe('REPLACED 3/0');
  expect(x.state('b3')).toBe('PARTIALLY_FILLED 3/4');
  expect(x.order('b3').quantity).toBe('7');
  expect(x.cash('ben')).toBe('970.00 (held 40.00)');
  x.place('s2: sam sells 5 at 10.00');
  expect(x.tape().slice(1)).toEqual(['4 at 10.00: b3 from s2', '1 at 10.00: b2 from s2']);
  expect(x.state('b3')).toBe('FILLED 7/0');
});

test.each(['1', '3'])('a replace to %s of an order with 3 filled finishes it', (quantity) => {
  const x = openExchange(people);
  x.place('b1: ben buys 10 at 10.00');
  x.place('s1: sam sells 3 at 9.90');
  expect(x.replace('b1', { to: 'b2', quantity })).toBeNull();
  expect(x.state('b1')).toBe('REPLACED 3/0');
  expect(x.state('b2')).toBe('FILLED 3/0');
  expect(x.order('b2')).toMatchObject({ quantity: '3', replaces: 'b1' });
  expect(x.averagePrice('b2')).toBe('10');
  expect(x.cash('ben')).toBe('970.00 (held 0.00)');
  expect(x.cancel('b2')).toBe('ORDER_NOT_OPEN');
  x.place('s2: sam sells 3 at 9.90');
  expect(x.state('s2')).toBe('NEW 0/3');
});

test('an order to sell that is replaced to its filled quantity releases its shares', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 10 at 10.00');
  x.place('b1: ben buys 3 at 10.00');
  x.replace('s1', { to: 's2', quantity: '2', limitPrice: '11.00' });
  expect(x.state('s2')).toBe('FILLED 3/0');
  expect(x.shares('sam')).toBe('97 (held 0)');
});

test('totals continue through a chain of replaces', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 10 at 10.00');
  x.place('s1: sam sells 1 at 10.00');
  x.replace('b1', { to: 'b2', limitPrice: '10.03' });
  x.place('s2: sam sells 2 at 10.03');
  x.replace('b2', { to: 'b3', quantity: '6' });
  x.place('s3: sam sells 9 at 10.02');
  expect(x.state('b3')).toBe('FILLED 6/0');
  expect(x.tape().map((line) => line.slice(0, 10))).toEqual([
    '1 at 10.00',
    '2 at 10.03',
    '3 at 10.03',
  ]);
  expect(x.averagePrice('b3')).toBe('10.025');
  expect([x.state('b1'), x.state('b2')]).toEqual(['REPLACED 1/0', 'REPLACED 3/0']);
  expect([x.order('b2').replaces, x.order('b3').replaces]).toEqual(['b1', 'b2']);
});

test('a replace to a price that crosses trades at once, as the incoming order', () => {
  const x = openExchange(people, { makerFeeBps: '10', takerFeeBps: '25' });
  x.place('s1: sam sells 4 at 10.10');
  x.place('b1: ben buys 10 at 10.00');
  x.replace('b1', { to: 'b2', limitPrice: '10.20' });
  expect(x.tape()).toEqual(['4 at 10.10: b2 from s1']);
  expect(x.trades()[0]).toMatchObject({ buyFee: '0.10', sellFee: '0.04' });
  expect(x.state('b2')).toBe('PARTIALLY_FILLED 4/6');
  expect(x.cash('ben')).toBe('959.50 (held 61.35)');
});

test('a replace that meets an order of the same account is canceled: SELF_TRADE', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 4 at 10.10');
  x.place('b1: sam buys 10 at 10.00');
  x.replace('b1', { to: 'b2', limitPrice: '10.10' });
  expect(x.state('b2')).toBe('CANCELED 0/0 (SELF_TRADE)');
  expect(x.cash('sam')).toBe('1000.00 (held 0.00)');
});

test('a replace of a postOnly order to a price that would cross is rejected', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 4 at 10.10');
  x.place('b1: ben buys 10 at 10.00 GTC postOnly');
  expect(x.replace('b1', { to: 'b2', limitPrice: '10.10' })).toBe('POST_ONLY_WOULD_CROSS');
  expect(x.last().events).toEqual([]);
  expect(x.state('b1')).toBe('NEW 0/10');
});

test('a rejected replace leaves the old order unchanged, and records nothing', () => {
  const x = twoBids();
  const refused = { quantity: '500' };
  expect(x.replace('b1', { to: 'b3', ...refused })).toBe('INSUFFICIENT_FUNDS');
  expect(x.last().events).toEqual([]);
  expect(x.replace('b1', { to: 'b3', quantity: '0' })).toBe('INVALID_QUANTITY');
  expect(x.replace('b1', { to: 'b3', quantity: '1.5' })).toBe('INVALID_QUANTITY');
  expect(x.replace('b1', { to: 'b3', limitPrice: '9.995' })).toBe('INVALID_PRICE');
  expect(x.replace('b1', { to: 'b3', stopPrice: '9.99' })).toBe('INVALID_PRICE');
  expect(x.cash('ben')).toBe('1000.00 (held 50.00)');
  x.place('s1: sam sells 1 at 10.00');
  expect(x.tape()).toEqual(['1 at 10.00: b1 from s1']);
  expect(x.replace('b1', { to: 'b3', quantity: '4' })).toBeNull();
});

test('a replaced order keeps its time in force and when it expires', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 10 at 10.00 GTD 60s');
  const { expiresAt } = x.order('b1');
  x.replace('b1', { to: 'b2', quantity: '4' });
  expect(x.order('b2')).toMatchObject({ timeInForce: 'GTD', expiresAt });
  x.wait(60);
  x.expire('b2');
  expect(x.state('b2')).toBe('EXPIRED 0/0');
});

test('a waiting stop order can be replaced, and waits for its new stop price', () => {
  const x = openExchange(people);
  x.price('9.00');
  x.place('b1: ben buys 5 at 12.00 stop 10.00');
  x.replace('b1', { to: 'b2', stopPrice: '11.00', quantity: '4', limitPrice: '12.50' });
  expect(x.state('b2')).toBe('HELD 0/4');
  expect(x.cash('ben')).toBe('1000.00 (held 50.00)');
  x.price('10.50');
  expect(x.state('b2')).toBe('HELD 0/4');
  x.price('11.00');
  expect(x.state('b2')).toBe('NEW 0/4');
});

test('a stop order that is replaced to a stop price already reached enters at once', () => {
  const x = openExchange(people);
  x.price('10.00');
  x.place('s1: sam sells 5 at 10.00');
  x.place('b1: ben buys 5 stop 11.00');
  x.replace('b1', { to: 'b2', stopPrice: '10.00' });
  expect(x.state('b2')).toBe('FILLED 5/0');
  x.place('s2: sam sells 5 stop 9.00');
  x.replace('s2', { to: 's3', stopPrice: '10.00' });
  expect(x.state('s3')).toBe('CANCELED 0/0 (NO_LIQUIDITY)');
  expect(x.shares('sam')).toBe('95 (held 0)');
});

test('stop orders keep and lose their priority as others do', () => {
  const x = openExchange(people);
  x.place('s1: sam sells 4 at 20.00');
  x.place('b1: ben buys 2 stop 10.00');
  x.place('b2: bea buys 2 stop 10.00');
  x.replace('b1', { to: 'b3', quantity: '1' });
  x.place('b4: ben buys 5 stop 10.00');
  x.replace('b2', { to: 'b5', quantity: '3' });
  x.price('10.00');
  const triggered = x.last().events.filter(({ type }) => type === 'OrderTriggered');
  expect(triggered.map(({ data }) => data['orderId'])).toEqual(['b3', 'b4', 'b5']);
});

test('the limit of a STOP and the stop of a LIMIT cannot be replaced', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 2 stop 10.00');
  expect(x.replace('b1', { to: 'b2', limitPrice: '10.00' })).toBe('INVALID_PRICE');
  x.place('b3: ben buys 2 at 10.00');
  expect(x.replace('b3', { to: 'b4', stopPrice: '10.00' })).toBe('INVALID_PRICE');
});

test('a triggered STOP_LIMIT is replaced like a LIMIT order', () => {
  const x = openExchange(people);
  x.place('b1: ben buys 2 at 10.00 stop 9.00');
  x.price('9.00');
  x.replace('b1', { to: 'b2', limitPrice: '9.50' });
  expect(x.order('b2')).toMatchObject({ type: 'LIMIT', stopPrice: null, limitPrice: '9.50' });
  expect(x.state('b2')).toBe('NEW 0/2');
});
