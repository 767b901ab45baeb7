import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  assertDatabase,
  createDatabase,
  type Database,
  type Query,
} from '../../src/postgres/database.ts';
import { isConnectionLost, sqlStateOf } from '../../src/postgres/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let database: Database;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  ({ database } = testDatabase);
  await database.query({ name: 'make', text: 'create table things (id int8 primary key)' });
});

afterAll(() => testDatabase.dispose());

const insert: Query = { name: 'insert', text: 'insert into things (id) values ($1)' };
const count: Query = { name: 'count', text: 'select count(*) from things where id = $1' };
const fail: Query = { name: 'fail', text: 'select 1 / $1::int' };
const backend: Query = { name: 'backend', text: 'select pg_backend_pid() as pid' };

async function has(id: number): Promise<boolean> {
  const rows = await database.query<{ count: number }>(count, [id]);
  return rows[0]?.count === 1;
}

async function backendOf(from: Pick<Database, 'query'>): Promise<number> {
  return (await from.query<{ pid: number }>(backend))[0]?.pid ?? 0;
}

function createOne(url: string, settings: { statementTimeoutMs?: number } = {}): Database {
  return createDatabase({
    url,
    applicationName: 'one',
    poolMax: 1,
    log: silentLogger,
    ...settings,
  });
}

test('a transaction commits what it wrote', async () => {
  await database.withTransaction((executor) => executor.query(insert, [1]));
  expect(await has(1)).toBe(true);
});

test('a transaction whose work throws is rolled back and throws the same error', async () => {
  const failure = new Error('no');
  const work = database.withTransaction(async (executor) => {
    await executor.query(insert, [2]);
    throw failure;
  });
  await expect(work).rejects.toBe(failure);
  expect(await has(2)).toBe(false);
});

test('a transaction that swallows a failed query does not count as committed', async () => {
  const work = database.withTransaction(async (executor) => {
    await executor.query(insert, [3]);
    await executor.query(fail, [0]).catch(() => {});
  });
  await expect(work).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
  expect(await has(3)).toBe(false);
});

test('an executor cannot be used after its transaction', async () => {
  const executor = await database.withTransaction(async (inner) => inner);
  await expect(executor.query(insert, [4])).rejects.toMatchObject({ code: 'EXECUTOR_CLOSED' });
});

test('a statement that the server refuses leaves the connection in the pool', async () => {
  const one = createOne(testDatabase.url);
  const pid = await backendOf(one);
  await expect(one.query(fail, [0])).rejects.toSatisfy((error) => sqlStateOf(error) === '22012');
  await expect(one.withTransaction((inner) => inner.query(fail, [0]))).rejects.toThrow();
  expect(await backendOf(one)).toBe(pid);
  await one.stop();
});

test('a prepared statement that no longer fits its table is prepared again', async () => {
  const one = createOne(testDatabase.url);
  await one.query({ name: 'make_old', text: 'create table old (a int)' });
  const all: Query = { name: 'all', text: 'select * from old' };
  await one.query(all);
  await one.query({ name: 'widen', text: 'alter table old add b int' });
  await expect(one.query(all)).rejects.toSatisfy((error) => sqlStateOf(error) === '0A000');
  expect(await one.query(all)).toEqual([]);
  await one.stop();
});

test('a statement that takes too long is canceled by the server', async () => {
  const one = createOne(testDatabase.url, { statementTimeoutMs: 100 });
  const sleeping = one.query({ name: 'sleep', text: 'select pg_sleep(10)' });
  await expect(sleeping).rejects.toSatisfy(
    (error) => sqlStateOf(error) === '57014' && !isConnectionLost(error),
  );
  await one.stop();
});

test('a silent server costs one connection, but not the pool', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  const one = createOne(proxy.url, { statementTimeoutMs: 100 });
  await backendOf(one);
  proxy.blackHole();
  await expect(one.query(backend)).rejects.toSatisfy(isConnectionLost);
  await proxy.restore();
  expect(await backendOf(one)).toBeGreaterThan(0);
  await one.stop();
  await proxy.stop();
});

test('a connection cut in a transaction is reported as lost, and the next one works', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  const one = createOne(proxy.url);
  const work = one.withTransaction(async (executor) => {
    await executor.query(insert, [5]);
    proxy.cut();
    await executor.query(insert, [6]);
  });
  await expect(work).rejects.toSatisfy(isConnectionLost);
  expect(await has(5)).toBe(false);
  expect(await backendOf(one)).toBeGreaterThan(0);
  await one.stop();
  await proxy.stop();
});

test('a connection lost while idle or between queries does not end the process', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  const one = createOne(proxy.url);
  await backendOf(one);
  proxy.cut();
  await until(() => proxy.openCount() === 0);
  const work = one.withTransaction(async (executor) => {
    const pid = await backendOf(executor);
    await database.query({ name: 'end', text: 'select pg_terminate_backend($1)' }, [pid]);
    await until(() => proxy.openCount() === 0);
  });
  await expect(work).rejects.toSatisfy(isConnectionLost);
  await one.stop();
  await proxy.stop();
});

test('withConnection keeps one session and closes it afterwards', async () => {
  const lock: Query = { name: 'lock', text: 'select pg_try_advisory_lock(7) as taken' };
  const tryLock = () => database.withConnection(async (inner) => (await inner.query(lock))[0]);
  await database.withConnection(async (executor) => {
    expect(await backendOf(executor)).toBe(await backendOf(executor));
    expect(await executor.query(lock)).toEqual([{ taken: true }]);
    expect(await tryLock()).toEqual({ taken: false });
  });
  await until(async () => ((await tryLock()) as { taken: boolean }).taken);
});

test('withConnection fires its signal when the connection is lost', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  const one = createOne(proxy.url);
  await one.withConnection(async (_executor, signal) => {
    expect(signal.aborted).toBe(false);
    proxy.cut();
    await until(() => signal.aborted);
  });
  await one.stop();
  await proxy.stop();
});

test('stop fires the signals, waits for the work, and may be called again', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  const one = createOne(proxy.url);
  let finished = 0;
  const started: (() => void)[] = [];
  const starting = [0, 1].map(() => new Promise<void>((resolve) => started.push(resolve)));
  const holding = one.withConnection(async (_executor, signal) => {
    started[0]?.();
    await until(() => signal.aborted);
    finished += 1;
  });
  const writing = one.withTransaction(async (executor) => {
    started[1]?.();
    await executor.query({ name: 'nap', text: 'select pg_sleep(0.2)' });
    finished += 1;
  });
  await Promise.all(starting);
  await Promise.all([one.stop(), one.stop()]);
  expect(finished).toBe(2);
  expect(proxy.openCount()).toBe(0);
  await Promise.all([holding, writing]);
  await expect(one.query(backend)).rejects.toMatchObject({ code: 'DATABASE_STOPPED' });
  await proxy.stop();
});

test('stop waits until idle connections are closed as well', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  const many = createDatabase({ url: proxy.url, applicationName: 'many', log: silentLogger });
  await Promise.all([1, 2, 3, 4].map(() => backendOf(many)));
  expect(proxy.openCount()).toBe(4);
  await many.stop();
  expect(proxy.openCount()).toBe(0);
  await proxy.stop();
});

test('a server that is too old is refused with its version', async () => {
  const answering = (version: number): Database => ({
    ...database,
    query: async () => [{ version }] as never,
  });
  await expect(assertDatabase(answering(140_012))).rejects.toMatchObject({
    code: 'DATABASE_TOO_OLD',
    message: 'the database is PostgreSQL 14, but 15 or later is required',
  });
  await assertDatabase(answering(150_000));
});

test('an unreachable server is reported in one line', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  await proxy.refuse();
  const one = createOne(proxy.url);
  const failure = await assertDatabase(one).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  expect(String(failure)).toMatch(/^DatabaseUnreachableError: .*ECONNREFUSED \S+$/);
  await one.stop();
  await assertDatabase(database);
});
