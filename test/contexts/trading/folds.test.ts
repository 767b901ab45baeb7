import { describe, expect, test } from 'vitest';
import { accountEvents } from '../../../src/contexts/accounts/events.ts';
import { marketEvents } from '../../../src/contexts/market/events.ts';
import { tradingEvents } from '../../../src/contexts/trading/events.ts';
import { toPortfolio, valuePosition } from '../../../src/contexts/trading/views/portfolio.ts';
import type { Position } from '../../../src/contexts/trading/views/position.ts';
import { positionsView } from '../../../src/contexts/trading/views/positions.ts';
import { postingsOf, postingTypes } from '../../../src/contexts/trading/views/postings.ts';
import { levelsView, type PriceLevel } from '../../../src/contexts/trading/views/price-levels.ts';
import { trialBalanceView } from '../../../src/contexts/trading/views/trial-balance.ts';
import type { StoredEvent } from '../../../src/kernel/event.ts';
import type { View } from '../../../src/kernel/view.ts';
import { compare, isZero, sum } from '../../../src/lib/decimal.ts';

function event(type: string, data: object, streamId = 'account-1'): StoredEvent {
  return { type, data, streamId } as unknown as StoredEvent;
}

function fold<Document extends object>(
  view: View<Document & Record<string, never>> | View<never>,
  events: readonly StoredEvent[],
): ReadonlyMap<string, Document> {
  const documents = new Map<string, Document>();
  for (const each of events) {
    if (!view.types.includes(each.type)) continue;
    for (const key of view.keysOf(each)) {
      const after = view.evolve(documents.get(key) as never, each, key) as Document | undefined;
      if (after === undefined) documents.delete(key);
      else documents.set(key, after);
    }
  }
  return documents;
}

/** One event of each type, with every field that any of them has. */
const everyEvent = Object.keys({ ...accountEvents, ...marketEvents, ...tradingEvents }).map(
  (type) =>
    event(type, {
      amount: '12.34',
      currency: 'USD',
      symbol: 'X',
      quantity: '5',
      cost: '12.5',
      buyFee: '0.03',
      sellFee: '0.01',
      fee: '0.03',
      released: '12.40',
      price: '2.468',
      buyAmount: '12.35',
      sellAmount: '12.34',
    }),
);

describe('postings', () => {
  test('of every type of event sum to zero for each asset', () => {
    for (const each of everyEvent) {
      const sums = new Map<string, string>();
      for (const { asset, amount } of postingsOf(each)) {
        const key = `${asset.kind} ${asset.name}`;
        sums.set(key, sum(sums.get(key) ?? '0', amount));
      }
      for (const [asset, total] of sums) expect(isZero(total), `${each.type} ${asset}`).toBe(true);
    }
  });

  test('exist for the listed event types and for no others', () => {
    const moving = everyEvent.filter((each) => postingsOf(each).length > 0);
    expect(moving.map(({ type }) => type).sort()).toEqual([...postingTypes].sort());
  });

  test('of a trade leave the fees of both sides and the rounding with the house', () => {
    const [trade] = everyEvent.filter(({ type }) => type === 'TradeExecuted');
    const balances = fold<{ balances: object }>(trialBalanceView as never, trade ? [trade] : []);
    expect(balances.get('CASH USD')).toMatchObject({
      balances: { CUSTOMERS: '-0.05', FEES: '0.04', ROUNDING: '0.01', EXTERNAL: '0' },
    });
  });
});

describe('a position', () => {
  const bought = (quantity: string, amount: string, fee: string) =>
    event('PurchaseSettled', { symbol: 'X', quantity, amount, fee, currency: 'USD' });
  const sold = (quantity: string, amount: string, fee: string) =>
    event('SaleSettled', {
      symbol: 'X',
      quantity,
      amount,
      fee,
      currency: 'USD',
      released: '0',
    });
  const positionAfter = (...events: readonly StoredEvent[]) =>
    fold<Position>(positionsView as never, events).get('1 X');

  test('costs what was paid for it including fees, rounded half-up to 8 decimals', () => {
    expect(positionAfter(bought('3', '10.00', '0.01'))).toMatchObject({
      averageCost: '3.33666667',
    });
    expect(positionAfter(bought('512', '1.00', '0.00'))).toMatchObject({
      averageCost: '0.00195313',
    });
  });

  test('realizes sales against its average cost, which does not change', () => {
    expect(positionAfter(bought('3', '10.00', '0.00'), sold('2', '8.00', '0.05'))).toMatchObject({
      // 8.00 - 0.05 - 6.67
      quantity: '1',
      averageCost: '3.33333333',
      realizedPnl: '1.28',
    });
  });

  test('realizes proceeds less cost, to the minor unit, in any number of sales', () => {
    const sales = (count: number) =>
      Array.from({ length: count }, () => sold('1', '10.00', '0.00'));
    // 200 at 10.00 and 100 at 10.01.
    const positionSold = (count: number) =>
      positionAfter(
        bought('200', '2000.00', '0.00'),
        bought('100', '1001.00', '0.00'),
        ...sales(count),
      );
    expect(positionSold(1)).toMatchObject({ averageCost: '10.00333333', realizedPnl: '0.00' });
    expect(positionSold(2)).toMatchObject({ averageCost: '10.00333333', realizedPnl: '-0.01' });
    expect(positionSold(150)).toMatchObject({ averageCost: '10.00333333', realizedPnl: '-0.50' });
    expect(positionSold(300)).toMatchObject({ quantity: '0', cost: '0', realizedPnl: '-1.00' });
  });

  test('is within half a minor unit of its exact profit at every sale', () => {
    // 0.11 for 4: 0.0275 each; 0.03, 0.06 (0.055), 0.08 (0.0825) and 0.11 in all.
    const profits = [1, 2, 3, 4].map(
      (count) =>
        positionAfter(
          bought('4', '0.11', '0.00'),
          ...Array.from({ length: count }, () => sold('1', '0.00', '0.00')),
        )?.realizedPnl,
    );
    expect(profits).toEqual(['-0.03', '-0.06', '-0.08', '-0.11']);
  });

  test('carries its remaining cost into the next purchase', () => {
    const position = positionAfter(
      bought('3', '10.00', '0.00'),
      sold('1', '4.00', '0.00'),
      bought('1', '3.33', '0.01'),
    );
    // 10.00 - 3.33 + 3.34.
    expect(position).toMatchObject({ cost: '10.01', averageCost: '3.33666667' });
  });

  test('that was deposited costs what the deposit says, with all its digits', () => {
    const deposited = event('SharesDeposited', {
      symbol: 'X',
      quantity: '0.001',
      cost: '27.12345',
      currency: 'USD',
    });
    expect(positionAfter(deposited)).toMatchObject({ averageCost: '27123.45000000' });
    expect(positionAfter(deposited, sold('0.001', '27.13', '0.00'))).toMatchObject({
      realizedPnl: '0.01',
    });
  });

  test('that is sold out costs nothing, and keeps its realized profit', () => {
    const gone = positionAfter(bought('2', '10.00', '0.00'), sold('2', '9.00', '0.00'));
    expect(gone).toMatchObject({ quantity: '0', averageCost: '0.00000000', realizedPnl: '-1.00' });
    expect(
      positionAfter(
        bought('2', '10.00', '0.00'),
        sold('2', '9.00', '0.00'),
        bought('1', '3.00', '0.00'),
      ),
    ).toMatchObject({ quantity: '1', averageCost: '3.00000000', realizedPnl: '-1.00' });
  });

  test('is valued half-up to the minor unit, and has no value without a price', () => {
    const position = positionAfter(bought('3', '10.00', '0.00')) as Position;
    expect(valuePosition(position, '1.115')).toMatchObject({
      // 3.345 is rounded to 3.35; 3.35 - 10.00.
      marketValue: '3.35',
      unrealizedPnl: '-6.65',
    });
    const unpriced = valuePosition(position, null);
    expect(unpriced).toMatchObject({ marketValue: null, unrealizedPnl: null });
    const account = { balance: '1.00', currency: 'USD' } as never;
    expect(toPortfolio(account, [unpriced], [position])).toMatchObject({
      marketValue: '0.00',
      equity: '1.00',
      unrealizedPnl: '0.00',
      realizedPnl: '0.00',
    });
  });
});

describe('a price level', () => {
  const booked = (price: string, leavesQuantity: string) =>
    event('OrderBooked', { symbol: 'X', side: 'SELL', price, leavesQuantity });
  const canceled = (price: string | null, leavesQuantity: string) =>
    event('OrderCanceled', { symbol: 'X', side: 'SELL', price, leavesQuantity });
  const traded = (price: string, quantity: string, sellLeavesQuantity: string) =>
    event('TradeExecuted', {
      symbol: 'X',
      price,
      quantity,
      aggressor: 'BUY',
      buyLeavesQuantity: '9',
      sellLeavesQuantity,
    });
  const levels = (...events: readonly StoredEvent[]) =>
    [...fold<PriceLevel>(levelsView as never, events).values()].map(
      ({ price, quantity, orders }) => `${orders} for ${quantity} at ${price}`,
    );

  test('is what rests at a price, and is removed with the last order', () => {
    const both = [booked('5.00', '3'), booked('5.00', '2'), booked('6.00', '1')];
    expect(levels(...both)).toEqual(['2 for 5 at 5.00', '1 for 1 at 6.00']);
    const part = [...both, traded('5.00', '1', '2')];
    expect(levels(...part)).toEqual(['2 for 4 at 5.00', '1 for 1 at 6.00']);
    const whole = [...part, traded('5.00', '2', '0'), canceled('6.00', '1')];
    expect(levels(...whole)).toEqual(['1 for 2 at 5.00']);
    expect(levels(...whole, traded('5.00', '2', '0'))).toEqual([]);
  });

  test('is not changed by an order that is canceled on arrival', () => {
    expect(levels(booked('5.00', '3'), canceled(null, '3'))).toEqual(['1 for 3 at 5.00']);
  });

  test('is listed by its value, however its digits are written', () => {
    const position = levelsView.lists?.['PRICE']?.position;
    const at = (price: string) =>
      position?.({ symbol: 'X', side: 'SELL', price, quantity: '1', orders: 1 }, '') ?? '';
    const prices = ['9.99', '10', '10.00001', '100', '0.5'];
    const byKey = [...prices].sort((a, b) => (at(a) < at(b) ? -1 : 1));
    expect(byKey).toEqual([...prices].sort(compare));
  });
});
