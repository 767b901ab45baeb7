import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { accounts } from '../../../src/contexts/accounts/context.ts';
import { market } from '../../../src/contexts/market/context.ts';
import { trading } from '../../../src/contexts/trading/context.ts';
import { addMicroseconds } from '../../../src/lib/date-time.ts';
import { batchOf, pending } from '../../support/batches.ts';
import { startTestEngine, type TestEngine } from '../../support/engines.ts';
import { openMarketPlace } from '../../support/market-place.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { clockOf, countWaiting } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

let testDatabase: TestDatabase;
let engine: TestEngine;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  // No process expires orders by time: they expire only when a command meets them.
  const contexts = [accounts, market, { ...trading, processManagers: [] }];
  engine = await startTestEngine(testDatabase.url, contexts);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await engine.stop();
  await testDatabase.dispose();
});

function setClockOff(offMs: number): void {
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + offMs);
}

/** Returns the time some milliseconds from now, by the clock of the database. */
async function inMs(milliseconds: number): Promise<string> {
  return addMicroseconds(await clockOf(testDatabase.database), milliseconds * 1_000);
}

const offsMs = [-600_000, 600_000];

test.each(offsMs)(
  'an order trades until its expiry in a process whose clock is %i ms off',
  async (offMs) => {
    setClockOff(offMs);
    const { place } = await openMarketPlace(engine);
    await place({ expiresAt: await inMs(300_000) });
    await place({ side: 'SELL' });
    expect(await engine.recorded('TradeExecuted')).toHaveLength(1);
    expect(await engine.recorded('OrderExpired')).toHaveLength(0);
  },
);

test.each(offsMs)(
  'an order does not trade after its expiry in a process whose clock is %i ms off',
  async (offMs) => {
    setClockOff(offMs);
    const { place } = await openMarketPlace(engine);
    const expiresAt = await inMs(500);
    const orderId = await place({ expiresAt });
    await until(async () => (await inMs(-100)) > expiresAt);
    await place({ side: 'SELL' });
    expect(await engine.recorded('TradeExecuted')).toHaveLength(0);
    const [event] = await engine.recorded('OrderExpired');
    expect(event?.data).toMatchObject({ orderId, expiresAt });
  },
);

test('an order that was met in time does not trade if the append is too late', async () => {
  const { place } = await openMarketPlace(engine);
  const expiresAt = await inMs(1_000);
  const orderId = await place({ expiresAt });
  let placing: Promise<string> | null = null;
  await engine.log.exclusively(async (log) => {
    await log.append(batchOf([pending('notes-1', 1)]));
    placing = place({ side: 'SELL' });
    await until(async () => (await countWaiting(testDatabase.database, 'append_commands')) === 1);
    expect((await inMs(0)) < expiresAt).toBe(true);
    await until(async () => (await inMs(-1)) > expiresAt);
  });
  await placing;
  expect(await engine.recorded('TradeExecuted')).toHaveLength(0);
  expect((await engine.recorded('OrderExpired')).map(({ data }) => data['orderId'])).toEqual([
    orderId,
  ]);
});

test.each(offsMs)(
  'a DAY order ends with the day of the database if the clock is %i ms off',
  async (offMs) => {
    setClockOff(offMs * 144);
    const { place } = await openMarketPlace(engine);
    const today = (await inMs(0)).slice(0, 10);
    await place({ timeInForce: 'DAY' });
    const [event] = await engine.recorded('OrderPlaced');
    const tomorrow = new Date(Date.parse(`${today}T00:00:00Z`) + 86_400_000).toISOString();
    expect(String(event?.data['expiresAt']).slice(0, 10)).toBe(tomorrow.slice(0, 10));
  },
);
