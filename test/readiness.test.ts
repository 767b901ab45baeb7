import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAccount } from '../src/contexts/accounts/commands.ts';
import { newUuid } from '../src/lib/uuid.ts';
import { createLog } from '../src/log/log.ts';
import { createReadiness, type Ready } from '../src/readiness.ts';
import { batchOf, pending } from './support/batches.ts';
import { startTestEngine, type TestEngine } from './support/engines.ts';
import { tradingContexts } from './support/market-place.ts';
import { createTestDatabase, type TestDatabase } from './support/postgres.ts';
import { sql } from './support/rows.ts';
import { createTcpProxy, type TcpProxy } from './support/tcp-proxy.ts';
import { until } from './support/until.ts';

let testDatabase: TestDatabase;
let proxy: TcpProxy;
let engine: TestEngine;
let ready: () => Promise<Ready>;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  proxy = await createTcpProxy(testDatabase.url);
  engine = await startTestEngine(proxy.url, tradingContexts);
  ready = createReadiness({ engine, keeper: testDatabase.database });
  await until(() => engine.listener.deafMs() === 0);
});

afterEach(async () => {
  await proxy.stop();
  engine.giveUp();
  await engine.stop();
  await testDatabase.dispose();
});

test('a server that has caught up is ready and reports its sequence', async () => {
  await engine.accept(openAccount, { accountId: newUuid(), owner: 'Ann', currency: 'EUR' });
  expect(await engine.views.waitFor(1, 10_000)).toBe(true);
  expect(await ready()).toEqual({ ready: true, sequence: '1', views: '1', reasons: [] });
});

test('a server whose views lag behind for ten seconds is not ready until they have caught up', async () => {
  const { database } = testDatabase;
  await database.withConnection(async (executor) => {
    // A process of the previous version that owns the views without advancing them does this.
    await sql(executor, `select pg_advisory_lock(hashtext('daybook.views'), id) from views`);
    await until(async () => {
      const held = `select from leases where name like 'daybook.views%'
        and expires_at > clock_timestamp()`;
      return (await sql(database, held)).length === 0;
    });
    await engine.accept(openAccount, { accountId: newUuid(), owner: 'Ann', currency: 'EUR' });
    expect((await ready()).ready).toBe(true);
    await until(async () => !(await ready()).ready, 15_000);
    const { reasons, views } = await ready();
    expect(reasons).toEqual([expect.stringMatching(/^the views are 1\d s behind the log$/)]);
    expect(views).toBe('0');
  });
  await until(async () => (await ready()).ready);
});

test('a server that cannot read an event of a newer one is not ready, and says why', async () => {
  const accountId = newUuid();
  await engine.accept(openAccount, { accountId, owner: 'Ann', currency: 'EUR' });
  const newer = { type: 'CashDeposited', schemaVersion: 9, data: {} };
  const log = createLog(testDatabase.database, new Map());
  await log.append(batchOf([pending(`account-${accountId}`, 2, newer)]));
  await until(async () => {
    const { ready: isReady, views } = await ready();
    return !isReady && views === '1';
  });
  const reason = 'this server is older than the log and does not know version 9 of CashDeposited';
  expect(await ready()).toMatchObject({
    reasons: [`${reason}, event 2; it knows version 2: upgrade it`],
  });
});

test('a server that hears no notifications is not ready', async () => {
  await proxy.refuse();
  await until(async () => !(await ready()).ready);
  expect((await ready()).reasons).toEqual(['the database sends no notifications']);
  await proxy.restore();
  await until(async () => (await ready()).ready);
});

test('a database that does not answer is given as the reason within two seconds', async () => {
  const lines = createReadiness({ engine, keeper: engineDatabase() });
  proxy.blackHole();
  const askedAt = performance.now();
  expect(await lines()).toMatchObject({ ready: false, reasons: ['the database does not answer'] });
  expect(performance.now() - askedAt).toBeLessThan(3_000);
});

/** A keeper whose statements go through the proxy. */
function engineDatabase() {
  return {
    ...testDatabase.database,
    query: <Row>(): Promise<readonly Row[]> => engine.log.head().then(() => []),
  };
}
