import { expect, test } from 'vitest';
import { type Candle, candlesView, startOf } from '../../../src/contexts/market/candles.ts';
import { lastPricesView, pricesView } from '../../../src/contexts/market/views.ts';
import type { StoredEvent } from '../../../src/kernel/event.ts';

function traded(occurredAt: string, price: string, quantity: string): StoredEvent {
  return {
    type: 'TradeExecuted',
    streamId: 'book-X',
    occurredAt,
    recordedAt: occurredAt,
    data: { symbol: 'X', price, quantity },
  } as unknown as StoredEvent;
}

function priced(occurredAt: string, price: string): StoredEvent {
  return {
    type: 'PriceRecorded',
    streamId: 'instrument-X',
    occurredAt,
    data: { symbol: 'X', price },
  } as unknown as StoredEvent;
}

/** The candles after some trades, by key. */
function fold(events: readonly StoredEvent[]): ReadonlyMap<string, Candle> {
  const candles = new Map<string, Candle>();
  for (const event of events) {
    for (const key of candlesView.keysOf(event)) {
      const after = candlesView.evolve(candles.get(key), event, key);
      if (after !== undefined) candles.set(key, after);
    }
  }
  return candles;
}

test('an interval begins at its first microsecond and ends before the next interval', () => {
  const last = '2024-02-29T23:59:59.999999Z';
  const midnight = '2024-03-01T00:00:00.000000Z';
  expect(startOf('MINUTE', last)).toBe('2024-02-29T23:59:00.000000Z');
  expect(startOf('HOUR', last)).toBe('2024-02-29T23:00:00.000000Z');
  expect(startOf('DAY', last)).toBe('2024-02-29T00:00:00.000000Z');
  for (const interval of ['MINUTE', 'HOUR', 'DAY'] as const) {
    expect(startOf(interval, midnight)).toBe(midnight);
  }
});

test('a trade at midnight begins a candle of every interval', () => {
  const candles = fold([
    traded('2024-02-29T23:59:59.999999Z', '5.00', '1'),
    traded('2024-03-01T00:00:00.000000Z', '6.00', '2'),
    traded('2024-03-01T00:00:59.999999Z', '4.00', '0.5'),
  ]);
  expect(candles.size).toBe(6);
  expect(candles.get('X DAY 2024-02-29T00:00:00.000000Z')).toMatchObject({ close: '5.00' });
  expect(candles.get('X MINUTE 2024-03-01T00:00:00.000000Z')).toEqual({
    symbol: 'X',
    interval: 'MINUTE',
    start: '2024-03-01T00:00:00.000000Z',
    open: '6.00',
    high: '6.00',
    low: '4.00',
    close: '4.00',
    volume: '2.5',
    trades: 2,
  });
});

test('high and low compare values, not text', () => {
  const at = '2024-03-01T12:00:00.000000Z';
  const [candle] = fold([traded(at, '9.00', '1'), traded(at, '10.00', '1')]).values();
  expect(candle).toMatchObject({ open: '9.00', high: '10.00', low: '9.00', close: '10.00' });
});

test('the last price is the one that occurred last; at equal times, the one recorded later', () => {
  const after = (events: readonly StoredEvent[]) =>
    events.reduce(
      (price, event) => lastPricesView.evolve(price, event, 'X'),
      undefined as ReturnType<typeof lastPricesView.evolve>,
    );
  const noon = '2024-03-01T12:00:00.000000Z';
  const morning = '2024-03-01T08:00:00.000000Z';
  expect(after([traded(noon, '5.00', '1'), priced(morning, '4')])).toMatchObject({ price: '5.00' });
  expect(after([priced(noon, '5.00'), priced(noon, '6')])).toMatchObject({ price: '6' });
  expect(after([priced(morning, '4'), traded(noon, '5.00', '1')])).toMatchObject({
    price: '5.00',
    occurredAt: noon,
  });
  expect(pricesView.keysOf(priced(noon, '1'))).toEqual([`X ${noon}`]);
});
