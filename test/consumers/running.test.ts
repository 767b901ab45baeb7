import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  advanceConsumer,
  type ConsumerRow,
  findConsumer,
  restartConsumer,
  setConsumerError,
} from '../../src/consumers/store.ts';
import { addMicroseconds } from '../../src/lib/date-time.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { sqlStateOf } from '../../src/postgres/errors.ts';
import { countRun, startTestEngine, type TestEngine } from '../support/engines.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { remind, reminders, reminding, setReminder } from '../support/reminders.ts';
import { clockOf, countOf, sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
const started: TestEngine[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of started.splice(0)) await engine.stop();
  await testDatabase.dispose();
});

async function start(managers = [reminders]): Promise<TestEngine> {
  const engine = await startTestEngine(testDatabase.url, [reminding(managers)]);
  started.push(engine);
  return engine;
}

async function inMs(milliseconds: number): Promise<string> {
  return addMicroseconds(await clockOf(testDatabase.database), milliseconds * 1_000);
}

async function keysReminded(engine: TestEngine): Promise<readonly unknown[]> {
  return (await engine.recorded('Reminded')).map(({ data }) => data['key']);
}

async function rowOf(engine: TestEngine, wanted = 'reminders'): Promise<ConsumerRow | undefined> {
  return (await engine.consumers.rows()).find(({ name }) => name === wanted);
}

const countTimers = () => countOf(testDatabase.database, 'consumer_timers');

test('of two processes one runs a process manager, and the other takes over when it stops', async () => {
  const first = await start();
  await until(async () => (await countRun(testDatabase.database)) === 1);
  const second = await start();
  for (const [key, stopped] of [
    ['a', null],
    ['b', first],
  ] as const) {
    await stopped?.stop();
    await second.accept(setReminder, { key, dueAt: await inMs(200) });
    await until(async () => (await keysReminded(second)).includes(key));
    expect(await countRun(testDatabase.database)).toBe(1);
  }
  await until(async () => (await countTimers()) === 0);
  expect(await keysReminded(second)).toEqual(['a', 'b']);
});

test('a new process manager works through an old log before its first command', async () => {
  const before = await start([]);
  const past = await inMs(0);
  const keys = Array.from({ length: 1_500 }, (_, index) => `key ${index}`);
  const set = (key: string, dueAt: string | null) => before.accept(setReminder, { key, dueAt });
  await Promise.all(keys.map((key) => set(key, past)));
  await Promise.all(keys.slice(1).map((key) => set(key, null)));
  const later = await inMs(60_000);
  await set('later', later);
  await before.stop();
  const after = await start();
  await until(async () => (await rowOf(after))?.nextDueAt === later);
  expect(await keysReminded(after)).toEqual(['key 0']);
  // Before long its checkpoint is also past the events that it has caused itself.
  await until(async () => (await rowOf(after))?.checkpoint === after.feed.tail());
  expect(after.feed.tail()).toBe(3_001);
});

test('events that concern no timer move the checkpoint, though not at once', async () => {
  const engine = await start();
  await until(async () => (await countRun(testDatabase.database)) === 1);
  for (let round = 1; round <= 2; round += 1) {
    await engine.accept(remind, { key: 'a' });
    await until(async () => (await rowOf(engine))?.checkpoint === round);
  }
});

test('an advance from another checkpoint or of another version fails and writes nothing', async () => {
  const { database } = testDatabase;
  const { id } = await findConsumer(database, 'reminders', 2);
  const set = [{ key: 'a', dueAt: await inMs(0), eventId: newUuid(), correlationId: 'c' }];
  const step = { id, version: 2, from: 0, to: 3, cleared: [], set };
  await advanceConsumer(database, step);
  const others = [{ from: 0 }, { from: 2 }, { from: 4 }, { from: 3, version: 1 }, { id: id + 1 }];
  for (const other of others) {
    const changed = { ...step, from: 3, to: 9, cleared: ['a'], set: [], ...other };
    const refused = await advanceConsumer(database, changed).catch((error: unknown) => error);
    expect(sqlStateOf(refused)).toBe('DB005');
  }
  await restartConsumer(database, id, 1);
  expect(await findConsumer(database, 'reminders', 2)).toMatchObject({ version: 2, checkpoint: 3 });
  expect(await countTimers()).toBe(1);
  await advanceConsumer(database, { ...step, from: 3, to: 3, cleared: ['a'], set: [] });
  expect(await countTimers()).toBe(0);
});

test('a command that fails is postponed and reported, and does not delay others', async () => {
  const engine = await start();
  const due = await inMs(100);
  await engine.accept(setReminder, { key: 'broken', dueAt: due });
  await engine.accept(setReminder, { key: 'fine', dueAt: await inMs(200) });
  await until(async () => (await keysReminded(engine)).length === 1);
  const failed = { pendingTimers: 1, nextDueAt: due, error: 'remind is broken' };
  await expect.poll(() => rowOf(engine), { timeout: 10_000 }).toMatchObject(failed);
  const [first] = await sql<{ failures: number; isPutOff: boolean }>(
    testDatabase.database,
    'select failures, try_at > due_at as "isPutOff" from consumer_timers',
  );
  expect(first).toMatchObject({ isPutOff: true });
  // It is tried again until an event clears its timer.
  await until(async () => {
    const [row] = await sql<{ failures: number }>(
      testDatabase.database,
      'select failures from consumer_timers',
    );
    return (row?.failures ?? 0) > (first?.failures ?? 0);
  });
  await engine.accept(setReminder, { key: 'broken', dueAt: null });
  await until(async () => (await countTimers()) === 0);
  expect(await rowOf(engine)).toMatchObject({ nextDueAt: null, error: null });
});

test('a command that is rejected counts as answered, and is not sent again', async () => {
  const engine = await start();
  await engine.accept(setReminder, { key: 'refused', dueAt: await inMs(100) });
  await until(async () => (await countOf(testDatabase.database, 'command_outcomes')) === 1);
  await until(async () => (await countTimers()) === 0);
  expect(await keysReminded(engine)).toEqual([]);
});

test('a process manager that fails on an event stops before it, and the others continue', async () => {
  const broken = {
    ...reminders,
    name: 'broken',
    types: ['ReminderSet', 'Reminded'],
    plan: ({ type }: { readonly type: string }) => {
      if (type === 'Reminded') throw new Error('plan is broken');
      return [];
    },
  };
  const first = await start([broken, reminders]);
  await first.accept(setReminder, { key: 'a', dueAt: await inMs(100) });
  const error = 'failed on Reminded, event 2: plan is broken';
  await until(async () => (await rowOf(first, 'broken'))?.error === error);
  expect((await rowOf(first, 'broken'))?.checkpoint).toBeLessThan(2);
  await first.accept(setReminder, { key: 'b', dueAt: await inMs(100) });
  await until(async () => (await keysReminded(first)).length === 2);
  await first.stop();
  const fixed = await start([{ ...broken, plan: () => [] }, reminders]);
  await until(async () => (await rowOf(fixed, 'broken'))?.checkpoint === 4);
  expect(await rowOf(fixed, 'broken')).toMatchObject({ error: null });
});

test('an error that has passed is cleared', async () => {
  const { database } = testDatabase;
  await findConsumer(database, 'reminders', 1);
  await setConsumerError(database, { name: 'reminders', version: 2 }, 'of another program');
  expect(await findConsumer(database, 'reminders', 1)).toMatchObject({ error: null });
  await setConsumerError(database, { name: 'reminders', version: 1 }, 'it was full');
  const engine = await start();
  expect(await rowOf(engine)).toMatchObject({ error: 'it was full' });
  await until(async () => (await rowOf(engine))?.error === null);
});

test('a raised version sets the timers again, and sends no command again', async () => {
  const first = await start();
  const dueAt = await inMs(60_000);
  await first.accept(setReminder, { key: 'gone', dueAt: await inMs(50_000) });
  await first.accept(setReminder, { key: 'b', dueAt });
  await first.accept(setReminder, { key: 'a', dueAt: await inMs(100) });
  await until(async () => (await keysReminded(first)).length === 1);
  await until(async () => (await countTimers()) === 2);
  await first.stop();
  const plan: typeof reminders.plan = (event) =>
    reminders.plan(event).filter(({ key }) => key !== 'gone');
  const raised = await start([{ ...reminders, version: 2, plan }]);
  await until(async () => (await rowOf(raised))?.version === 2);
  await until(async () => (await rowOf(raised))?.nextDueAt === dueAt);
  await until(async () => (await countTimers()) === 1);
  expect(await keysReminded(raised)).toEqual(['a']);
});

test('an older program does not run a process manager that a newer one has run', async () => {
  const { database, url } = testDatabase;
  const newer = { ...reminders, version: 2 };
  const first = await start([newer]);
  const dueAt = await inMs(500);
  await first.accept(setReminder, { key: 'a', dueAt });
  await until(async () => (await countTimers()) === 1);
  await first.stop();
  await until(async () => (await clockOf(database)) > dueAt);
  const warnings: string[] = [];
  const warn = (_fields: object, message: string) => warnings.push(message);
  const older = await startTestEngine(url, [reminding([reminders])], { ...silentLogger, warn });
  started.push(older);
  await until(() => warnings.includes('a newer program has run this process manager'));
  expect(await countTimers()).toBe(1);
  const second = await start([newer]);
  await until(async () => (await countTimers()) === 0);
  expect(await keysReminded(second)).toEqual(['a']);
  expect(await rowOf(second)).toMatchObject({ version: 2, error: null });
});

test('a process manager of the previous release is taken over only when that release stops', async () => {
  const { database } = testDatabase;
  const { id } = await findConsumer(database, 'reminders', 1);
  await database.withConnection(async (executor) => {
    // A process of that release uses such a lock.
    await sql(executor, `select pg_advisory_lock(hashtext('daybook.consumers'), $1)`, [id]);
    await start([reminders]);
    const startedAt = performance.now();
    await until(() => performance.now() - startedAt > 1_500);
    expect(await countRun(database)).toBe(0);
  });
  await until(async () => (await countRun(database)) === 1);
});

test('two process managers with one name are an error', async () => {
  await expect(start([reminders, reminders])).rejects.toThrow('two process managers are named');
});
