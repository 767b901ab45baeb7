import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBatcher, type PriceBatch, toKey } from '../../src/import/batches.ts';
import { createLanes } from '../../src/import/lanes.ts';
import type { PriceRow } from '../../src/import/price-row.ts';

const limits = { batchRowsMax: 4, openRowsMax: 9 };
const row = fc.record({
  symbol: fc.constantFrom('A', 'B', 'C', 'D'),
  occurredAt: fc.integer({ min: 2000, max: 2002 }).map((year) => `${year}-01-01T00:00:00.000000Z`),
  price: fc.constantFrom('1', '2', '3.50'),
});
const rows = fc
  .array(row, { maxLength: 60 })
  .map((list) => list.map((item, index): PriceRow => ({ ...item, line: index + 2 })));

function batchesOf(list: readonly PriceRow[]): readonly PriceBatch[] {
  const batcher = createBatcher(limits);
  return [...list.flatMap((item) => batcher.add(item)), ...batcher.end()];
}

describe('batches', () => {
  test('contain every row once, in order for each symbol, by year and within the limits', () => {
    fc.assert(
      fc.property(rows, (list) => {
        const batches = batchesOf(list);
        for (const symbol of ['A', 'B', 'C', 'D']) {
          const own = batches.filter((batch) => batch.symbol === symbol);
          const expected = list.filter((item) => item.symbol === symbol);
          expect(own.flatMap(({ prices }) => prices)).toEqual(
            expected.map(({ price, occurredAt }) => ({ price, occurredAt })),
          );
        }
        for (const { prices } of batches) {
          expect(prices.length).toBeLessThanOrEqual(limits.batchRowsMax);
          expect(new Set(prices.map(({ occurredAt }) => occurredAt)).size).toBe(1);
        }
      }),
    );
  });

  test('of a file that has grown at its end are the same except the last one of each symbol', () => {
    fc.assert(
      fc.property(rows, rows, (before, more) => {
        const batcher = createBatcher(limits);
        const closed = before.flatMap((item) => batcher.add(item));
        const later = batchesOf([...before, ...more]);
        expect(later.slice(0, closed.length)).toEqual(closed);
        expect(batcher.end().length).toBeLessThanOrEqual(4);
      }),
    );
  });

  test('have the same key exactly if they record the same prices', () => {
    fc.assert(
      fc.property(rows, (list) => {
        const batches = batchesOf(list);
        const keys = new Set(batches.map(toKey));
        const contents = new Set(
          batches.map(({ symbol, prices }) => JSON.stringify([symbol, prices])),
        );
        expect(keys.size).toBe(contents.size);
      }),
    );
  });

  test('keep the keys of earlier releases', () => {
    const prices = [
      { price: '39.81', occurredAt: '2000-01-01T00:00:00.000000Z' },
      { price: '36.350', occurredAt: '2000-02-01T00:00:00.000000Z' },
    ];
    expect(toKey({ symbol: 'MSFT', prices })).toBe(
      'import-prices MSFT 2000 edac8646fbd8aa7150d602bcf7841404d32e3313',
    );
  });

  test('of the largest size stay below 256 KiB, and their keys within the limit', () => {
    const batcher = createBatcher();
    const price = `${'9'.repeat(20)}.${'9'.repeat(18)}`;
    const largest = { symbol: 'X'.repeat(20), occurredAt: '2000-01-01T00:00:00.000000Z', price };
    const batches: PriceBatch[] = [];
    for (let line = 1; line <= 1_000; line += 1) batches.push(...batcher.add({ ...largest, line }));
    expect(batches.map(({ prices }) => prices.length)).toEqual([1_000]);
    expect(JSON.stringify(batches).length).toBeLessThan(200 * 1024);
    expect(batches.map((batch) => toKey(batch).length)[0]).toBeLessThan(200);
  });
});

describe('lanes', () => {
  test('run one lane in order, several concurrently, and never more than the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 30 }),
        async (plan) => {
          const lanes = createLanes({ runningMax: 2, takenMax: 5 });
          const done: [string, number][] = [];
          const active = new Set<string>();
          for (const [index, lane] of plan.entries()) {
            await lanes.add(lane, async () => {
              expect(active.has(lane)).toBe(false);
              active.add(lane);
              expect(active.size).toBeLessThanOrEqual(2);
              for (let turn = 0; turn <= index % 3; turn += 1) await Promise.resolve();
              active.delete(lane);
              done.push([lane, index]);
            });
          }
          await lanes.finish();
          expect(done.length).toBe(plan.length);
          for (const name of ['a', 'b', 'c']) {
            const order = done.filter(([lane]) => lane === name).map(([, index]) => index);
            expect(order).toEqual([...order].sort((a, b) => a - b));
          }
        },
      ),
    );
  });

  test('begin no task after a failure and throw its error', async () => {
    const lanes = createLanes({ runningMax: 1, takenMax: 3 });
    let begun = 0;
    await lanes.add('a', () => Promise.reject(new Error('gone')));
    await lanes.add('a', async () => {
      begun += 1;
    });
    await expect(lanes.finish()).rejects.toThrow('gone');
    await expect(lanes.add('b', async () => {})).rejects.toThrow('gone');
    expect(begun).toBe(0);
  });
});
