import { afterEach, beforeEach, expect, test } from 'vitest';
import { depositCash, openAccount } from '../../src/contexts/accounts/commands.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { startTestEngine, type TestEngine } from '../support/engines.ts';
import { tradingContexts } from '../support/market-place.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { countOf } from '../support/rows.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let proxy: TcpProxy;
let far: TestEngine;
let near: TestEngine | null;
const accountId = newUuid();

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  proxy = await createTcpProxy(testDatabase.url);
  far = await startTestEngine(proxy.url, tradingContexts);
  near = null;
  await far.accept(openAccount, { accountId, owner: 'Ann', currency: 'EUR' });
  await until(() => far.listener.deafMs() === 0);
  expect(await far.views.waitFor(1, 10_000)).toBe(true);
});

afterEach(async () => {
  far.giveUp();
  await far.stop();
  await near?.stop();
  // The database ends the sessions of the silent connections when the proxy stops.
  await proxy.stop();
  await until(async () => (await sessionsOf('engine')) === 0);
  await testDatabase.dispose();
});

async function sessionsOf(applicationName: string): Promise<number> {
  return countOf(
    testDatabase.database,
    `pg_stat_activity where datname = current_database()
     and application_name = '${applicationName}'`,
  );
}

test('commands and views continue within ten seconds after every connection goes silent', async () => {
  proxy.strand();
  const strandedAt = performance.now();
  const deposit = { accountId, amount: '1.00' };
  const accepted = await Promise.all([1, 2, 3].map(() => far.accept(depositCash, deposit)));
  expect(accepted).toHaveLength(3);
  expect(await far.views.waitFor(4, 10_000)).toBe(true);
  expect(performance.now() - strandedAt).toBeLessThan(10_000);
  expect(await far.recorded('CashDeposited')).toHaveLength(3);
});

test('a second server advances the views within ten seconds after the first goes silent', async () => {
  const second = await startTestEngine(testDatabase.url, tradingContexts);
  near = second;
  proxy.blackHole();
  const silentAt = performance.now();
  await second.accept(depositCash, { accountId, amount: '1.00' });
  expect(await second.views.waitFor(2, 10_000)).toBe(true);
  expect(performance.now() - silentAt).toBeLessThan(10_000);
});
