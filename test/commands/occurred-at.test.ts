import { expect, test } from 'vitest';
import { recordPrice, recordPrices } from '../../src/contexts/market/commands.ts';
import { type Exchange, openExchange } from '../support/exchange.ts';

const early = '2026-01-02T09:00:00.000000Z';
const late = '2026-01-02T10:00:04.000000Z';

test('a time in the future is recorded as now, and so are the reactions to its event', () => {
  const { world } = openBook();
  const input = { symbol: 'ABC', price: '9.00' };
  const { events } = world.submit(recordPrice, input, { occurredAt: late });
  expect(events.map(({ type }) => type)).toEqual(['PriceRecorded', 'ReferencePriceSet']);
  for (const { occurredAt, recordedAt } of events) expect(occurredAt).toBe(recordedAt);
});

test('a time given for a single event is recorded as now if it is in the future', () => {
  const { world } = openExchange();
  const prices = [early, late].map((occurredAt) => ({ price: '9.00', occurredAt }));
  const recorded = world
    .submit(recordPrices, { symbol: 'ABC', prices })
    .events.filter(({ type }) => type === 'PriceRecorded');
  const [first, second] = recorded;
  expect(first?.occurredAt).toBe(early);
  expect(second?.occurredAt).toBe(second?.recordedAt);
});

/** An exchange with a book, which follows the prices from outside. */
function openBook(): Exchange {
  const exchange = openExchange({ ann: {} });
  exchange.place('b1: ann buys 1 at 1.00');
  return exchange;
}
