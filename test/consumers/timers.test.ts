import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  advanceConsumer,
  type ConsumerRow,
  findConsumer,
  readConsumers,
} from '../../src/consumers/store.ts';
import { postponeTimers, removeTimers } from '../../src/consumers/timers.ts';
import { addMicroseconds } from '../../src/lib/date-time.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { lockHead } from '../../src/log/head.ts';
import { countRun, startTestEngine, type TestEngine } from '../support/engines.ts';
import { createFaultyWire, type Fault } from '../support/faulty-wire.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { reminders, reminding, setReminder } from '../support/reminders.ts';
import { clockOf, countOf, countWaiting } from '../support/rows.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
const undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  await testDatabase.dispose();
});

async function start(url = testDatabase.url, managers = [reminders]): Promise<TestEngine> {
  const engine = await startTestEngine(url, [reminding(managers)]);
  undo.push(engine.stop);
  return engine;
}

/** A time some milliseconds from now, by the clock of the database. */
async function inMs(milliseconds: number): Promise<string> {
  return addMicroseconds(await clockOf(testDatabase.database), milliseconds * 1_000);
}

async function set(engine: TestEngine, key: string, dueAt: string | null) {
  const { events } = await engine.accept(setReminder, { key, dueAt });
  return events[0];
}

async function keysReminded(engine: TestEngine): Promise<readonly unknown[]> {
  return (await engine.recorded('Reminded')).map(({ data }) => data['key']);
}

async function rowOf(engine: TestEngine): Promise<ConsumerRow | undefined> {
  return (await engine.consumers.rows()).find(({ name }) => name === 'reminders');
}

const countTimers = () => countOf(testDatabase.database, 'consumer_timers');

test('a timer that is due becomes a command, caused by the event that set it', async () => {
  const engine = await start();
  const dueAt = await inMs(600);
  const cause = await set(engine, 'a', dueAt);
  await until(async () => (await rowOf(engine))?.nextDueAt === dueAt);
  await until(async () => (await keysReminded(engine)).length === 1);
  const [reminded] = await engine.recorded('Reminded');
  expect(reminded).toMatchObject({
    actor: 'process:reminders',
    causationId: cause?.id,
    correlationId: cause?.correlationId,
  });
  expect((reminded?.recordedAt ?? '') > dueAt).toBe(true);
  await until(async () => (await countTimers()) === 0);
});

test('a cleared timer does not exist, and a moved timer has its new time', async () => {
  const engine = await start();
  for (const key of ['cleared', 'later']) await set(engine, key, await inMs(1_000));
  await set(engine, 'sooner', await inMs(60_000));
  const [soon, late] = [await inMs(1_300), await inMs(60_000)];
  await set(engine, 'cleared', null);
  await set(engine, 'later', late);
  await set(engine, 'sooner', soon);
  await until(async () => (await keysReminded(engine)).length > 0);
  await until(async () => (await countTimers()) === 1);
  expect(await keysReminded(engine)).toEqual(['sooner']);
  expect(await rowOf(engine)).toMatchObject({ pendingTimers: 1, nextDueAt: late });
});

test('many timers that are due at once are all processed, each once', async () => {
  const engine = await start();
  const dueAt = await inMs(500);
  const keys = Array.from({ length: 700 }, (_, index) => `key ${index}`);
  await Promise.all(keys.map((key) => set(engine, key, dueAt)));
  await until(async () => (await keysReminded(engine)).length >= 700, 20_000);
  await until(async () => (await countTimers()) === 0);
  expect((await keysReminded(engine)).toSorted()).toEqual(keys.toSorted());
});

test('a timer that became due while nothing ran is processed at the start', async () => {
  const first = await start();
  const dueAt = await inMs(1_000);
  await set(first, 'a', dueAt);
  await until(async () => (await countTimers()) === 1);
  await first.stop();
  await until(async () => (await clockOf(testDatabase.database)) > dueAt);
  const second = await start();
  await until(async () => (await countTimers()) === 0);
  expect(await keysReminded(second)).toEqual(['a']);
});

const faults: Fault[] = ['statement lost', 'answer lost'];
test.each(faults)(
  'a process killed between a command and the end of its timer (%s) runs the command once',
  async (fault) => {
    const wire = await createFaultyWire(testDatabase.url);
    undo.push(wire.stop);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', path.join(import.meta.dirname, '../support/engine-child.ts'), wire.url],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const ended = once(child, 'close');
    undo.push(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    await until(async () => (await countRun(testDatabase.database)) === 1);
    wire.failAt('remove_timers', fault);
    const watching = await start(testDatabase.url, []);
    await set(watching, 'a', await inMs(100));
    await until(() => wire.faultCount() === 1);
    child.kill('SIGKILL');
    await ended;
    expect(await countTimers()).toBe(fault === 'statement lost' ? 1 : 0);
    expect(await keysReminded(watching)).toEqual(['a']);
    // The next leader sends the remaining commands again before those that are due later.
    const engine = await start();
    await set(engine, 'b', await inMs(100));
    await until(async () => (await keysReminded(engine)).includes('b'));
    await until(async () => (await countTimers()) === 0);
    expect(await keysReminded(engine)).toEqual(['a', 'b']);
  },
);

test('timers that become due during an outage are processed after it, once', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  undo.push(proxy.stop);
  const engine = await start(proxy.url);
  const watching = await start(testDatabase.url, []);
  for (const key of ['a', 'b', 'c']) {
    const dueAt = await inMs(800);
    await set(watching, key, dueAt);
    await until(async () => (await countTimers()) === 1);
    await proxy.refuse();
    await until(async () => (await clockOf(testDatabase.database)) > dueAt);
    await proxy.restore();
    await until(async () => (await countTimers()) === 0);
    expect((await keysReminded(watching)).at(-1)).toBe(key);
  }
  expect(await keysReminded(watching)).toEqual(['a', 'b', 'c']);
  await engine.stop();
});

test('stop waits for no command, and the command still takes effect once', async () => {
  const { database } = testDatabase;
  const engine = await start();
  await until(async () => (await countRun(database)) === 1);
  await set(engine, 'a', await inMs(200));
  await database.withTransaction(async (executor) => {
    await lockHead(executor);
    await until(async () => (await countWaiting(database, 'append_commands')) === 1);
    await Promise.all([engine.consumers.stop(), engine.consumers.stop()]);
    expect(await countTimers()).toBe(1);
  });
  await engine.stop();
  const second = await start();
  await until(async () => (await countTimers()) === 0);
  expect(await keysReminded(second)).toEqual(['a']);
});

test('a timer that was set to another time in the meantime is neither removed nor postponed', async () => {
  const { database } = testDatabase;
  const { id } = await findConsumer(database, 'nobody', 1);
  const [old, dueAt] = [await inMs(0), await inMs(1_000)];
  const set = [{ key: 'a', dueAt, eventId: newUuid(), correlationId: 'c' }];
  await advanceConsumer(database, { id, version: 1, from: 0, to: 1, cleared: [], set });
  await removeTimers(database, id, [{ key: 'a', dueAt: old }]);
  await removeTimers(database, id + 1, [{ key: 'a', dueAt }]);
  await postponeTimers(database, id, [{ key: 'a', dueAt: old, error: 'late' }]);
  expect(await readConsumers(database)).toMatchObject([{ pendingTimers: 1, error: null }]);
  await removeTimers(database, id, [{ key: 'a', dueAt }]);
  expect(await countTimers()).toBe(0);
});
