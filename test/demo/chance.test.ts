import { expect, test } from 'vitest';
import { createFairValue } from '../../src/demo/fair-value.ts';
import { createRandom } from '../../src/demo/random.ts';
import { type TakerView, takerOrder } from '../../src/demo/taker-order.ts';
import { founder, makers, takers } from '../../src/demo/traders.ts';
import { parseUuid } from '../../src/lib/uuid.ts';

const view: TakerView = {
  bid: 2_879,
  ask: 2_881,
  lastPrice: 2_880,
  cash: 100_000,
  shares: 5_000,
  surplus: 0,
};

function takeOrders(seed: string, count = 500) {
  return Array.from({ length: count }, (_, turn) =>
    takerOrder(view, createRandom(seed, `turn ${turn}`)),
  );
}

test('the same seed gives the same orders, another seed gives others', () => {
  expect(takeOrders('1')).toEqual(takeOrders('1'));
  expect(takeOrders('1')).not.toEqual(takeOrders('2'));
});

test('random numbers are spread evenly, normal ones around zero', () => {
  const random = createRandom('1', 'spread');
  const counts = new Array(10).fill(0);
  for (let draw = 0; draw < 10_000; draw += 1) counts[random.integer(0, 9)] += 1;
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1_150);
  const normals = Array.from({ length: 10_000 }, () => random.normal());
  const mean = normals.reduce((sum, value) => sum + value, 0) / normals.length;
  const variance = normals.reduce((sum, value) => sum + value ** 2, 0) / normals.length;
  expect(Math.abs(mean)).toBeLessThan(0.05);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
});

test('takers send orders of every kind, each with exactly the terms that it needs', () => {
  const orders = takeOrders('1').filter((order) => order !== null);
  const kinds = new Set(orders.map(({ type, timeInForce }) => `${type} ${timeInForce}`));
  expect(kinds).toEqual(new Set(['MARKET IOC', 'LIMIT IOC', 'LIMIT DAY', 'LIMIT GTD', 'STOP GTC']));
  for (const { type, timeInForce, limitPrice, stopPrice, lifetimeMs, quantity } of orders) {
    expect(limitPrice !== null).toBe(type === 'LIMIT');
    expect(stopPrice !== null).toBe(type === 'STOP');
    expect(lifetimeMs !== null).toBe(timeInForce === 'GTD');
    expect(quantity % 10).toBe(0);
  }
});

test('a taker without cash only sells, without shares only buys, without both waits', () => {
  const sidesOf = (changes: Partial<TakerView>) =>
    new Set(
      Array.from({ length: 200 }, (_, turn) =>
        takerOrder({ ...view, ...changes }, createRandom('1', String(turn))),
      ).map((order) => order?.side ?? null),
    );
  expect(sidesOf({ cash: 0 })).toEqual(new Set(['SELL']));
  expect(sidesOf({ shares: 0 })).toEqual(new Set(['BUY']));
  expect(sidesOf({ cash: 0, shares: 0 })).toEqual(new Set([null]));
});

test('a fair value moves, is the same for a seed, and does not run away in a week', () => {
  const options = { seed: '1', symbol: 'MSFT', start: 2_880, anchor: 2_880, startMs: 0 };
  const [first, second] = [createFairValue(options), createFairValue(options)];
  const hours = Array.from({ length: 7 * 24 * 4 }, (_, index) => first.at((index + 1) * 900_000));
  expect(hours.slice(0, 4)).toEqual([1, 2, 3, 4].map((index) => second.at(index * 900_000)));
  expect(new Set(hours.map(Math.round)).size).toBeGreaterThan(20);
  expect(Math.max(...hours)).toBeLessThan(2_880 * 1.1);
  expect(Math.min(...hours)).toBeGreaterThan(2_880 * 0.9);
});

test('every trader has its own account, which is always the same', () => {
  const ids = [founder, ...makers, ...takers].map(({ accountId }) => accountId);
  expect(new Set(ids).size).toBe(35);
  expect(ids.map(parseUuid)).toEqual(ids);
  expect(founder.accountId).toBe('7c80bf2e-ce45-8b7f-a7c2-7c3ff43adce1');
});
