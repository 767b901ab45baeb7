import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Quote, wantedQuotes } from '../../src/demo/quotes.ts';
import { type Change, planChanges, type QuotedOrder } from '../../src/demo/requote.ts';

const views = fc.record({
  fairValue: fc.double({ min: 1, max: 100_000, noNaN: true }),
  halfSpreadBps: fc.integer({ min: 1, max: 50 }),
  levels: fc.integer({ min: 1, max: 5 }),
  size: fc.integer({ min: 10, max: 1_000 }),
  surplus: fc.double({ min: -1, max: 4, noNaN: true }),
});

function isCrossed(quotes: readonly Quote[]): boolean {
  const prices = (side: string) => quotes.filter((q) => q.side === side).map(({ price }) => price);
  return Math.max(...prices('BUY')) >= Math.min(...prices('SELL'));
}

function apply(orders: readonly QuotedOrder[], change: Change, id: string): QuotedOrder[] {
  const others = orders.filter((order) => change.kind === 'place' || order.id !== change.order.id);
  if (change.kind === 'cancel') return others;
  return [...others, { ...change.quote, id, filled: 0 }];
}

test('wanted quotes never meet, are positive integers, and have distinct prices', () => {
  fc.assert(
    fc.property(views, (view) => {
      const quotes = wantedQuotes(view);
      expect(isCrossed(quotes)).toBe(false);
      expect(quotes.every(({ price }) => Number.isInteger(price) && price > 0)).toBe(true);
      expect(new Set(quotes.map(({ price }) => price)).size).toBe(quotes.length);
    }),
  );
});

test('a maker without shares does not sell, and one with three times as many does not buy', () => {
  const view = { fairValue: 2_880, halfSpreadBps: 5, levels: 3, size: 100 };
  const sides = (surplus: number) =>
    new Set(wantedQuotes({ ...view, surplus }).map(({ side }) => side));
  expect(sides(-1)).toEqual(new Set(['BUY']));
  expect(sides(0)).toEqual(new Set(['BUY', 'SELL']));
  expect(sides(2)).toEqual(new Set(['SELL']));
});

test('on the way from one set of quotes to another a maker never trades with itself', () => {
  const fills = fc.array(fc.nat({ max: 3 }), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(views, views, fills, fc.nat({ max: 50 }), (before, after, shares, tolerance) => {
      let orders: QuotedOrder[] = wantedQuotes(before).map((quote, index) => {
        const filled = Math.floor((quote.quantity * (shares[index] ?? 0)) / 4);
        return { ...quote, id: String(index), quantity: quote.quantity - filled, filled };
      });
      const wanted = wantedQuotes(after);
      for (const [index, change] of planChanges(orders, wanted, tolerance).entries()) {
        orders = apply(orders, change, `new ${index}`);
        expect(isCrossed(orders)).toBe(false);
      }
      expect(orders).toHaveLength(wanted.length);
      expect(planChanges(orders, wanted, tolerance)).toEqual([]);
    }),
  );
});

test('an order that is near enough keeps its priority, a mostly filled one does not', () => {
  const order = { id: 'a', side: 'BUY', price: 100, quantity: 60, filled: 40 } as const;
  const wanted = [{ side: 'BUY', price: 100, quantity: 100 }] as const;
  expect(planChanges([order], wanted, 0)).toEqual([]);
  const rest = { ...order, quantity: 40, filled: 60 };
  expect(planChanges([rest], wanted, 0)).toEqual([
    { kind: 'cancel', order: rest },
    { kind: 'place', quote: wanted[0] },
  ]);
});
