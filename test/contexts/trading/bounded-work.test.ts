import { afterEach, beforeEach, expect, test } from 'vitest';
import { accountDecider } from '../../../src/contexts/accounts/account.ts';
import { freezeAccount, openAccount } from '../../../src/contexts/accounts/commands.ts';
import { recordPrice } from '../../../src/contexts/market/commands.ts';
import { placeOrder } from '../../../src/contexts/trading/commands/place-order.ts';
import { newUuid } from '../../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../../support/engines.ts';
import { canWatchTurns, watchTurns } from '../../support/longest-turn.ts';
import { openMarketPlace, symbol, tradingContexts } from '../../support/market-place.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { until } from '../../support/until.ts';

// On a busy machine these tests need longer than the usual limit.
const timeout = 120_000;
let testDatabase: TestDatabase;
const started: TestEngine[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of started.splice(0)) await engine.stop();
  await testDatabase.dispose();
});

async function start(contexts = tradingContexts): Promise<TestEngine> {
  const engine = await startTestEngine(testDatabase.url, contexts);
  started.push(engine);
  return engine;
}

const stop = { side: 'BUY', type: 'STOP', limitPrice: null } as const;

/** Places stop orders to buy for accounts that have no cash. */
async function fill({ accept }: TestEngine, accounts: number, each: number, stopPrice = '100.00') {
  const ids = Array.from({ length: accounts }, newUuid);
  for (const accountId of ids)
    await accept(openAccount, { accountId, owner: 'A', currency: 'USD' });
  const orders = ids.flatMap((accountId) => Array(each).fill(accountId) as string[]);
  await Promise.all(
    orders.map((accountId) =>
      accept(placeOrder, {
        orderId: null,
        clientOrderId: null,
        accountId,
        symbol,
        ...stop,
        stopPrice,
        quantity: '1',
        timeInForce: 'GTC',
        expiresAt: null,
        postOnly: false,
      }),
    ),
  );
  return ids;
}

const isFinished = async (engine: TestEngine) =>
  (await engine.recorded('MatchingFinished')).length > 0;

test('a price that reaches thousands of stop orders is recorded, and the orders then enter', {
  timeout,
}, async () => {
  const engine = await start();
  await openMarketPlace(engine);
  await fill(engine, 3, 1_000);
  const { events } = await engine.accept(recordPrice, { symbol, price: '100.00' });
  expect(events.length).toBeLessThan(2_000);
  await until(() => isFinished(engine), 60_000);
  const canceled = await engine.recorded('OrderCanceled');
  expect(canceled).toHaveLength(3_000);
  expect(new Set(canceled.map(({ data }) => data['reason']))).toEqual(new Set(['NO_LIQUIDITY']));
});

test('an engine that stops during this work continues it at the next start', {
  timeout,
}, async () => {
  const engine = await start();
  await openMarketPlace(engine);
  await fill(engine, 2, 1_000);
  await engine.accept(recordPrice, { symbol, price: '100.00' });
  await engine.stop();
  const next = await start();
  await until(() => isFinished(next), 60_000);
  expect(await next.recorded('OrderTriggered')).toHaveLength(2_000);
  expect(await next.recorded('OrderCanceled')).toHaveLength(2_000);
});

test('an order that arrives meanwhile is decided after the work that was started before', {
  timeout,
}, async () => {
  const engine = await start();
  const { place } = await openMarketPlace(engine);
  await fill(engine, 2, 1_000);
  const [, orderId] = await Promise.all([
    engine.accept(recordPrice, { symbol, price: '100.00' }),
    place({ side: 'SELL', limitPrice: '120.00' }),
  ]);
  const canceled = await engine.recorded('OrderCanceled');
  expect(canceled).toHaveLength(2_000);
  const placed = (await engine.recorded('OrderPlaced')).find(
    ({ data }) => data['orderId'] === orderId,
  );
  expect(placed?.sequence).toBeGreaterThan(canceled.at(-1)?.sequence ?? Number.POSITIVE_INFINITY);
  expect(await engine.recorded('TradeExecuted')).toEqual([]);
});

test('an account is frozen at once, and its many orders are then canceled', {
  timeout,
}, async () => {
  const engine = await start();
  await openMarketPlace(engine);
  const [accountId = ''] = await fill(engine, 1, 1_000);
  const { stateOf, events } = await engine.accept(freezeAccount, { accountId });
  expect(stateOf(accountDecider, accountId)?.status).toBe('FROZEN');
  expect(events.length).toBeLessThan(1_000);
  await until(() => isFinished(engine), 60_000);
  expect(await engine.recorded('OrderCanceled')).toHaveLength(1_000);
});

test.runIf(canWatchTurns)(
  'no command keeps the event loop for more than 100 ms',
  {
    timeout,
  },
  async () => {
    // Commands alone are measured; views are folded in the background.
    const engine = await start(tradingContexts.map((context) => ({ ...context, views: [] })));
    const { place } = await openMarketPlace(engine);
    const rounds = [1, 2, 3];
    const accounts = await fill(engine, rounds.length, 1_000);
    for (const round of rounds) await fill(engine, 2, 1_000, `${10 * round}.00`);
    const sell = { side: 'SELL', limitPrice: '5.00', quantity: '1' } as const;
    for (const _ of rounds) for (let count = 0; count < 300; count += 1) await place(sell);
    const turns = watchTurns();
    // The best of three, because garbage collection may interrupt any of them.
    const bestOf = async (work: (round: number) => Promise<unknown>): Promise<number> => {
      const longest: number[] = [];
      for (const round of rounds) {
        turns.longestMs();
        await work(round);
        longest.push(turns.longestMs());
      }
      return Math.min(...longest);
    };
    const finished = (count: number) =>
      until(async () => (await engine.recorded('MatchingFinished')).length === count, 90_000);
    const freezing = await bestOf(async (round) => {
      await engine.accept(freezeAccount, { accountId: accounts[round - 1] ?? '' });
      await finished(round);
    });
    const sweep = await bestOf(() => place({ limitPrice: '5.00', quantity: '300' }));
    const cascade = await bestOf(async (round) => {
      await engine.accept(recordPrice, { symbol, price: `${10 * round}.00` });
      await finished(rounds.length + round);
    });
    turns.stop();
    const isShort = { freezing: freezing < 100, sweep: sweep < 100, cascade: cascade < 100 };
    expect(isShort).toEqual({ freezing: true, sweep: true, cascade: true });
  },
);
