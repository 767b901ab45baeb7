import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { depositCash, openAccount } from '../../src/contexts/accounts/commands.ts';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { delay } from '../../src/lib/delay.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import {
  isDelivered,
  openAccounts,
  startBridgedEngine,
  untilDelivered,
} from '../support/bridged.ts';
import type { TestEngine } from '../support/engines.ts';
import { startBridgedChild } from '../support/kill-bridge.ts';
import { type KinesisServer, startKinesisServer } from '../support/kinesis-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog } from '../support/processing.ts';
import { until } from '../support/until.ts';

// The server needs a tenth of a second for a call on a slow machine.
vi.setConfig({ testTimeout: 120_000 });

let kinesis: KinesisServer;
let testDatabase: TestDatabase;
let stream: string;
const started: TestEngine[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  // As the AWS SDK finds them.
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  kinesis = await startKinesisServer();
}, 60_000);
afterAll(() => kinesis.stop());
beforeEach(async () => {
  testDatabase = await createTestDatabase();
  stream = `daybook-${newUuid()}`;
  kinesis.fail(() => null);
  await kinesis.createStream(stream);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const engine of started.splice(0)) await engine.stop();
  await testDatabase.dispose();
});

function bridge() {
  const { region, endpoint } = kinesis;
  return { name: 'kinesis', kind: 'kinesis', stream, region, endpoint };
}

async function start(bridges: readonly object[] = [bridge()]): Promise<TestEngine> {
  const engine = await startBridgedEngine(testDatabase.url, bridges);
  started.push(engine);
  return engine;
}

/** Opens accounts and deposits cash on each in turn, so that every stream has several events. */
async function deposit(engine: TestEngine, accounts: number, deposits: number): Promise<void> {
  const ids = Array.from({ length: accounts }, newUuid);
  const input = { owner: 'Ada', currency: 'EUR' };
  await Promise.all(ids.map((accountId) => engine.accept(openAccount, { accountId, ...input })));
  for (let n = 0; n < deposits; n += 1) {
    const amount = { amount: '1.00', reference: null };
    await Promise.all(ids.map((accountId) => engine.accept(depositCash, { accountId, ...amount })));
  }
}

/**
 * What a consumer has that drops repeats by id, and how many those were. Throws if a stream is out
 * of order.
 */
async function consume(): Promise<{ events: readonly [number, string][]; repeats: number }> {
  const records = await kinesis.read(stream);
  const seen = new Map<string, number>();
  const lastOfKey = new Map<string, number>();
  for (const { key, id, sequence } of records) {
    if (seen.has(id)) continue;
    const last = lastOfKey.get(key) ?? 0;
    if (sequence < last) throw new Error(`${key}: ${sequence} is after ${last}`);
    lastOfKey.set(key, sequence);
    seen.set(id, sequence);
  }
  const events = [...seen].map(([id, sequence]): [number, string] => [sequence, id]);
  return { events: events.sort(([a], [b]) => a - b), repeats: records.length - seen.size };
}

const toPair = ({ sequence, id }: StoredEvent): [number, string] => [sequence, id];
const logOf = async (engine: TestEngine) => (await engine.log.events({}, wholeLog)).map(toPair);
const rowOf = async (engine: TestEngine) => (await engine.bridges.rows())[0];

test('every event is a record with its stream as the key, once and in order', async () => {
  const engine = await start();
  await deposit(engine, 5, 10);
  await untilDelivered(engine, 60_000);
  expect(await consume()).toEqual({ events: await logOf(engine), repeats: 0 });
});

test('no call has two records of a key', async () => {
  const writer = await start([]);
  await deposit(writer, 4, 20);
  const engine = await start();
  await untilDelivered(engine, 60_000);
  expect(kinesis.calls.map((keys) => keys.length - new Set(keys).size)).toEqual(
    kinesis.calls.map(() => 0),
  );
  // As many calls as events of one stream, not as events.
  expect(kinesis.calls.length).toBeLessThan(30);
});

test('records that fail alone are sent again, and each stream stays in order', async () => {
  // Every second call loses its first, third, fifth... record.
  kinesis.fail((count, records) =>
    count % 2 === 0
      ? { failed: [...Array(records).keys()].filter((index) => index % 2 === 0) }
      : null,
  );
  const engine = await start();
  await deposit(engine, 6, 8);
  await untilDelivered(engine, 60_000);
  expect(await consume()).toEqual({ events: await logOf(engine), repeats: 0 });
});

test('a throttled call is sent again after a pause', async () => {
  kinesis.fail((count) => (count <= 3 ? 'throttle' : null));
  const engine = await start();
  await openAccounts(engine, 3);
  await untilDelivered(engine, 60_000);
  expect(await consume()).toEqual({ events: await logOf(engine), repeats: 0 });
  expect((await rowOf(engine))?.error).toBeNull();
});

test('a stream that is throttled for long is shown, and commands go on', async () => {
  kinesis.fail(() => 'throttle');
  const engine = await start();
  await openAccounts(engine, 3);
  await until(async () => (await rowOf(engine))?.error != null, 40_000);
  expect((await rowOf(engine))?.error).toContain('ProvisionedThroughputExceeded');
  await openAccounts(engine, 3);
  kinesis.fail(() => null);
  await untilDelivered(engine, 60_000);
  expect(await consume()).toEqual({ events: await logOf(engine), repeats: 0 });
});

test('a call whose answer is lost is repeated, and repeats have the same ids', async () => {
  kinesis.fail((count) => (count === 2 || count === 5 ? 'lose answer' : null));
  const engine = await start();
  await deposit(engine, 4, 10);
  await untilDelivered(engine, 60_000);
  const { events, repeats } = await consume();
  expect(events).toEqual(await logOf(engine));
  expect(repeats).toBeGreaterThan(0);
  expect(repeats).toBeLessThanOrEqual(8);
});

test('a stream that does not exist is shown, and all is delivered once it does', async () => {
  stream = `${stream}-later`;
  const engine = await start();
  await openAccounts(engine, 3);
  await until(async () => (await rowOf(engine))?.error != null);
  await kinesis.createStream(stream);
  await untilDelivered(engine, 60_000);
  expect((await consume()).events).toEqual(await logOf(engine));
});

test('a bridge that is restarted continues, by any engine', async () => {
  const first = await start();
  await openAccounts(first, 5);
  await untilDelivered(first, 60_000);
  const second = await start();
  await first.stop();
  await openAccounts(second, 5);
  await untilDelivered(second, 60_000);
  expect(await consume()).toEqual({ events: await logOf(second), repeats: 0 });
});

test('a paused bridge sends nothing, and is retried at once on request', async () => {
  kinesis.fail(() => 'lose answer');
  const engine = await start();
  await openAccounts(engine, 3);
  await until(async () => (await rowOf(engine))?.error != null);
  await engine.bridges.change('kinesis', 'pause');
  await delay(1_500);
  kinesis.fail(() => null);
  await delay(1_000);
  expect(kinesis.calls).toEqual([]);
  await engine.bridges.change('kinesis', 'resume');
  await engine.bridges.change('kinesis', 'retry');
  await untilDelivered(engine, 60_000);
  expect((await consume()).events).toEqual(await logOf(engine));
});

test('a process that is killed repeats one batch at most', { timeout: 180_000 }, async () => {
  const writer = await start([]);
  await deposit(writer, 40, 40);
  let killed = 0;
  while (killed < 3 || !(await isDelivered(writer))) {
    const before = kinesis.calls.length;
    const child = await startBridgedChild(testDatabase.url, [bridge()]);
    children.push(child);
    const hasSent = async () => kinesis.calls.length > before + 15 || isDelivered(writer);
    await until(hasSent, 30_000);
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    killed += 1;
  }
  const { events, repeats } = await consume();
  expect(events).toEqual(await logOf(writer));
  expect(repeats).toBeLessThanOrEqual(200 * killed);
});
