import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createListener, type Listener } from '../../src/postgres/listener.ts';
import { createTestDatabase, runStatement, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let proxy: TcpProxy;
let listener: Listener;
let received: string[];
let connectedCount: number;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

beforeEach(async () => {
  proxy = await createTcpProxy(testDatabase.url);
  received = [];
  connectedCount = 0;
});

afterEach(async () => {
  await listener.stop();
  await until(() => proxy.openCount() === 0, 1_000);
  await proxy.stop();
});

afterAll(() => testDatabase.dispose());

function listen(): void {
  listener = createListener({
    url: proxy.url,
    channels: ['head', 'Odd "name"'],
    heartbeatIntervalMs: 50,
    heartbeatDeadlineMs: 500,
    onNotification: (channel, payload) => received.push(`${channel}: ${payload}`),
    onConnected: () => {
      connectedCount += 1;
    },
    log: silentLogger,
  });
}

function notify(payload: string): Promise<void> {
  return runStatement(testDatabase.url, `notify head, '${payload}'`);
}

test('notifications arrive in order with their channel and payload', async () => {
  listen();
  await until(() => listener.connected());
  await notify('1');
  await notify('2');
  await runStatement(testDatabase.url, 'notify "Odd ""name"""');
  await until(() => received.length === 3);
  expect(received).toEqual(['head: 1', 'head: 2', 'Odd "name": ']);
});

test('a connection that breaks is replaced and onConnected is called again', async () => {
  listen();
  await until(() => connectedCount === 1);
  proxy.cut();
  await until(() => connectedCount === 2);
  await notify('after');
  await until(() => received.includes('head: after'));
});

test('a connection the server ends is replaced', async () => {
  listen();
  await until(() => connectedCount === 1);
  const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'daybook listen'`;
  await runStatement(testDatabase.url, terminate);
  await until(() => connectedCount === 2);
});

test('listening resumes after an outage longer than pg-listen would wait', async () => {
  listen();
  await until(() => connectedCount === 1);
  await proxy.refuse();
  const refusedAt = Date.now();
  await until(() => !listener.connected());
  await until(() => Date.now() - refusedAt > 4_000);
  await proxy.restore();
  await until(() => connectedCount === 2);
  await notify('after');
  await until(() => received.includes('head: after'));
});

test('listening begins when the server starts later', async () => {
  await proxy.refuse();
  listen();
  const startedAt = Date.now();
  await until(() => Date.now() - startedAt > 300);
  expect(listener.connected()).toBe(false);
  await proxy.restore();
  await until(() => connectedCount === 1);
});

test('a connection that has gone silent is noticed and replaced', async () => {
  listen();
  await until(() => connectedCount === 1);
  proxy.blackHole();
  await until(() => !listener.connected(), 2_000);
  await proxy.restore();
  await until(() => connectedCount === 2);
  await notify('after');
  await until(() => received.includes('head: after'));
});

test('a quiet but healthy connection is kept', async () => {
  listen();
  await until(() => connectedCount === 1);
  const startedAt = Date.now();
  await until(() => Date.now() - startedAt > 1_500);
  expect(listener.connected()).toBe(true);
  expect(connectedCount).toBe(1);
});

test('a pause of this process longer than the deadline keeps the connection', async () => {
  listen();
  await until(() => connectedCount === 1);
  const pausedAt = Date.now();
  while (Date.now() - pausedAt < 800);
  await notify('after');
  await until(() => received.includes('head: after'));
  expect(connectedCount).toBe(1);
});

test('stop ends a silent connection within a second and may be called again', async () => {
  listen();
  await until(() => connectedCount === 1);
  proxy.blackHole();
  const stoppedAt = Date.now();
  await Promise.all([listener.stop(), listener.stop()]);
  expect(Date.now() - stoppedAt).toBeLessThan(1_000);
  expect(listener.connected()).toBe(false);
});

test('stop during an outage ends at once', async () => {
  listen();
  await until(() => connectedCount === 1);
  await proxy.refuse();
  await until(() => !listener.connected());
  await listener.stop();
  await proxy.restore();
});

test('stop right after the start leaves nothing behind', async () => {
  listen();
  await listener.stop();
  expect(connectedCount).toBe(0);
});
