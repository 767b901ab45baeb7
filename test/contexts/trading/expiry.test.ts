import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { accountDecider } from '../../../src/contexts/accounts/account.ts';
import { depositCash } from '../../../src/contexts/accounts/commands.ts';
import { recordPrices } from '../../../src/contexts/market/commands.ts';
import { cancelOrder } from '../../../src/contexts/trading/commands/cancel-order.ts';
import { replaceOrder } from '../../../src/contexts/trading/commands/replace-order.ts';
import { addMicroseconds, endOfDay } from '../../../src/lib/date-time.ts';
import { newUuid } from '../../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../../support/engines.ts';
import { openMarketPlace, symbol, tradingContexts } from '../../support/market-place.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { clockOf, sql } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

let testDatabase: TestDatabase;
const started: TestEngine[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const engine of started.splice(0)) await engine.stop();
  await testDatabase.dispose();
});

async function start(): Promise<TestEngine> {
  const engine = await startTestEngine(testDatabase.url, tradingContexts);
  started.push(engine);
  return engine;
}

/** Returns the time some milliseconds from now, by the clock of the database. */
async function inMs(milliseconds: number): Promise<string> {
  return addMicroseconds(await clockOf(testDatabase.database), milliseconds * 1_000);
}

/** Returns the orders that have a timer, and when each timer is due. */
async function timers(): Promise<Readonly<Record<string, string>>> {
  const rows = await sql<{ key: string; dueAt: string }>(
    testDatabase.database,
    'select key, due_at as "dueAt" from consumer_timers',
  );
  return Object.fromEntries(rows.map(({ key, dueAt }) => [key, dueAt]));
}

const untilTimers = (expected: Readonly<Record<string, string>>) =>
  expect.poll(timers, { timeout: 10_000, interval: 20 }).toEqual(expected);

async function countExpired(): Promise<number> {
  const text = `select count(*) from events where type = 'OrderExpired'`;
  const [row] = await sql<{ count: number }>(testDatabase.database, text);
  return row?.count ?? Number.NaN;
}

async function expired(engine: TestEngine): Promise<readonly unknown[]> {
  return (await engine.recorded('OrderExpired')).map(({ data }) => data['orderId']);
}

test('an order expires at its time, and what was reserved for it is released', async () => {
  const engine = await start();
  const { buyer, place } = await openMarketPlace(engine);
  const expiresAt = await inMs(800);
  const orderId = await place({ expiresAt });
  await untilTimers({ [orderId]: expiresAt });
  await until(async () => (await expired(engine)).length === 1);
  const [event] = await engine.recorded('OrderExpired');
  expect(event).toMatchObject({
    actor: 'process:order-expiry',
    data: { orderId, expiresAt, leavesQuantity: '10', filledQuantity: '0' },
  });
  expect((event?.recordedAt ?? '') > expiresAt).toBe(true);
  await untilTimers({});
  const { stateOf } = await engine.accept(depositCash, { accountId: buyer, amount: '1.00' });
  expect(stateOf(accountDecider, buyer)).toMatchObject({ balance: '100001.00', held: '0.00' });
});

test('a DAY order has its timer at the end of the UTC day', async () => {
  const engine = await start();
  const { place } = await openMarketPlace(engine);
  const orderId = await place({ timeInForce: 'DAY' });
  await place();
  const [placed] = await engine.recorded('OrderPlaced');
  await untilTimers({ [orderId]: endOfDay(placed?.recordedAt ?? '') });
});

test('an order that fell due while no server ran expires at the next start', async () => {
  const first = await start();
  const { place } = await openMarketPlace(first);
  const expiresAt = await inMs(1_500);
  const orderIds = [await place({ expiresAt }), await place({ expiresAt })];
  await first.stop();
  expect(await countExpired()).toBe(0);
  await until(async () => (await inMs(0)) > expiresAt);
  const second = await start();
  await until(async () => (await expired(second)).length === 2);
  await untilTimers({});
  expect((await expired(second)).toSorted()).toEqual(orderIds.toSorted());
});

test('canceled, filled and replaced orders do not expire; partially filled orders do', async () => {
  const engine = await start();
  const { place } = await openMarketPlace(engine);
  const expiresAt = await inMs(2_500);
  const canceled = await place({ expiresAt });
  const replaced = await place({ expiresAt });
  const newOrderId = newUuid();
  const filledBuy = await place({ expiresAt, limitPrice: '11.00' });
  const filledSell = await place({ expiresAt, side: 'SELL', limitPrice: '11.00' });
  const restingSell = await place({ expiresAt, side: 'SELL', limitPrice: '10.00' });
  const takingBuy = await place({ expiresAt, limitPrice: '10.00', quantity: '14' });
  const partlySell = await place({ expiresAt, side: 'SELL', limitPrice: '12.00' });
  const smallBuy = await place({ expiresAt, limitPrice: '12.00', quantity: '4' });
  const partlyBuy = await place({ expiresAt, limitPrice: '10.50' });
  const smallSell = await place({ expiresAt, side: 'SELL', limitPrice: '10.50', quantity: '4' });
  await engine.accept(cancelOrder, { orderId: canceled, reason: null });
  await engine.accept(replaceOrder, {
    orderId: replaced,
    newOrderId,
    quantity: '8',
    limitPrice: null,
    stopPrice: null,
  });
  expect(await engine.recorded('TradeExecuted')).toHaveLength(4);
  const open = [newOrderId, takingBuy, partlySell, partlyBuy];
  await untilTimers(Object.fromEntries(open.map((id) => [id, expiresAt])));
  await untilTimers({});
  expect((await expired(engine)).toSorted()).toEqual(open.toSorted());
  // Commands for the other orders would have left their answers here.
  const sent = await sql<{ key: string }>(
    testDatabase.database,
    'select idempotency_key as key from command_outcomes',
  );
  const traded = [filledBuy, filledSell, restingSell, smallBuy, smallSell];
  const others = [canceled, replaced, ...traded];
  expect(sent.filter(({ key }) => others.some((id) => key.includes(id)))).toEqual([]);
  expect(sent).toHaveLength(4);
});

test('a stop order expires as well, waiting or triggered', async () => {
  const engine = await start();
  const { place } = await openMarketPlace(engine);
  const stop = { type: 'STOP_LIMIT', side: 'SELL', limitPrice: '20.00' } as const;
  const expiresAt = await inMs(2_000);
  const held = await place({ ...stop, stopPrice: '5.00', expiresAt });
  const triggered = await place({ ...stop, stopPrice: '8.00', expiresAt });
  await untilTimers({ [held]: expiresAt, [triggered]: expiresAt });
  const occurredAt = await inMs(0);
  await engine.accept(recordPrices, { symbol, prices: [{ price: '7.50', occurredAt }] });
  expect(await engine.recorded('OrderTriggered')).toHaveLength(1);
  await until(async () => (await expired(engine)).length === 2);
  await untilTimers({});
  expect((await expired(engine)).toSorted()).toEqual([held, triggered].toSorted());
});

test.each([-3_600_000, 3_600_000])(
  'the clock of the database counts, not a clock that is %i ms off',
  async (offMs) => {
    const engine = await start();
    const { place } = await openMarketPlace(engine);
    const expiresAt = await inMs(400);
    const now = Date.now.bind(Date);
    const orderId = await place({ expiresAt });
    vi.spyOn(Date, 'now').mockImplementation(() => now() + offMs);
    await until(async () => (await expired(engine)).length === 1);
    const [event] = await engine.recorded('OrderExpired');
    expect(event).toMatchObject({ data: { orderId } });
    expect((event?.recordedAt ?? '') > expiresAt).toBe(true);
    await untilTimers({});
  },
);
