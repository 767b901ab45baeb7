import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { isConnectionLost, sqlStateOf } from '../../src/postgres/errors.ts';
import type { Query } from '../../src/postgres/executor.ts';
import { createTestDatabase, runStatement, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let proxy: TcpProxy;
let one: Database;
const backend: Query = { name: 'backend', text: 'select pg_backend_pid() as pid' };
const nap: Query = { name: 'nap', text: 'select pg_sleep(0.4)' };
const write: Query = { name: 'write', text: 'insert into written values (1)' };

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  await runStatement(testDatabase.url, 'create table written (a integer)');
});

beforeEach(async () => {
  proxy = await createTcpProxy(testDatabase.url);
  one = createDatabase({ url: proxy.url, applicationName: 'one', poolMax: 2, log: silentLogger });
});

afterEach(async () => {
  await one.stop();
  await proxy.stop();
});

afterAll(() => testDatabase.dispose());

test('a query on a silent connection fails as lost, and a new connection is made', async () => {
  await one.query(backend);
  proxy.blackHole();
  const asked = one.query(backend);
  asked.catch(() => {});
  one.closeSilent(0);
  await expect(asked).rejects.toSatisfy(isConnectionLost);
  await proxy.restore();
  expect(await one.query(backend)).toHaveLength(1);
});

test('a connection that has just received data is kept', async () => {
  const [before] = await one.query(backend);
  const napping = one.query(nap);
  one.closeSilent(5_000);
  await napping;
  expect(await one.query(backend)).toEqual([before]);
});

test('a connection without a first answer is given up after a second', async () => {
  proxy.blackHole();
  const asked = one.query(backend);
  asked.catch(() => {});
  await until(() => proxy.openCount() > 0);
  const openedAt = performance.now();
  await until(() => performance.now() - openedAt > 1_000);
  one.closeSilent(Number.POSITIVE_INFINITY);
  await expect(asked).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
});

test('withConnection fires its signal when its connection is found silent', async () => {
  await one.withConnection(async (_executor, signal) => {
    proxy.blackHole();
    one.closeSilent(0);
    await until(() => signal.aborted);
  });
});

test('cut ends running and waiting queries, and no query begins after it', async () => {
  await Promise.all([one.query(backend), one.query(backend)]);
  proxy.blackHole();
  const asked = Array.from({ length: 20 }, () => one.query(backend));
  for (const each of asked) each.catch(() => {});
  const cutAt = performance.now();
  one.cut();
  for (const each of asked) await expect(each).rejects.toSatisfy(isConnectionLost);
  await expect(one.query(backend)).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  await one.stop();
  expect(performance.now() - cutAt).toBeLessThan(2_000);
});

test('a read-only session is not used again once the database is writable', async () => {
  const { pathname } = new URL(testDatabase.url);
  const set = (value: string) =>
    runStatement(
      testDatabase.url,
      `begin read write;
       alter database ${pathname.slice(1)} set default_transaction_read_only = ${value}; commit`,
    );
  await set('on');
  await Promise.all([one.query(nap), one.query(nap)]);
  await expect(one.query(write)).rejects.toSatisfy((error) => sqlStateOf(error) === '25006');
  await Promise.all([one.query(nap), one.query(nap)]);
  await set('off');
  await Promise.all([one.query(write), one.query(write)]);
  await one.query(write);
});

test('the server ends the session of a client that has gone', async () => {
  const rows = await testDatabase.database.query({
    name: 'keepalives',
    text: `select name from pg_settings
      where name in ('tcp_user_timeout', 'tcp_keepalives_idle') and source = 'client'`,
  });
  expect(rows).toHaveLength(2);
});
