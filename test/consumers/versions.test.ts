import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BoundedContext } from '../../src/kernel/context.ts';
import { addMicroseconds } from '../../src/lib/date-time.ts';
import { countRun, startTestEngine, type TestEngine } from '../support/engines.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { reminders, reminding, setReminder } from '../support/reminders.ts';
import { clockOf, countOf } from '../support/rows.ts';
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

async function start(context: BoundedContext = reminding([reminders])): Promise<TestEngine> {
  const engine = await startTestEngine(testDatabase.url, [context]);
  started.push(engine);
  return engine;
}

/** The context as a later release has it: reminders are set by events of schema version 2. */
function later(): BoundedContext {
  const { events, ...others } = reminding([reminders]);
  const upcasters = [(data: object) => ({ ...data })];
  return { ...others, events: { ...events, ReminderSet: { ...events.ReminderSet, upcasters } } };
}

async function set(engine: TestEngine, key: string, milliseconds: number): Promise<void> {
  const now = await clockOf(testDatabase.database);
  await engine.accept(setReminder, { key, dueAt: addMicroseconds(now, milliseconds * 1_000) });
}

async function keysReminded(engine: TestEngine): Promise<readonly unknown[]> {
  return (await engine.recorded('Reminded')).map(({ data }) => data['key']);
}

const countTimers = () => countOf(testDatabase.database, 'consumer_timers');

/** A version of the process manager whose command has another input. */
function loud(version: number): BoundedContext {
  const due: typeof reminders.due = (timer) => {
    const { definition, input } = reminders.due(timer);
    return { definition, input: { key: `${input.key}!` } };
  };
  return reminding([{ ...reminders, version, due }]);
}

test('a raised version sends a command that has changed, once, and no other again', async () => {
  const first = await start();
  await set(first, 'a', 100);
  await until(async () => (await keysReminded(first)).length === 1);
  await until(async () => (await countTimers()) === 0);
  await first.stop();
  for (const version of [2, 3]) {
    const raised = await start(loud(version));
    const done = async () => (await raised.consumers.rows()).find((row) => row.version === version);
    await until(async () => ((await done())?.checkpoint ?? 0) > 1);
    await until(async () => (await countTimers()) === 0);
    expect(await keysReminded(raised)).toEqual(['a', 'a!']);
    await raised.stop();
  }
  const back = await start(reminding([{ ...reminders, version: 4 }]));
  const done = async () => (await back.consumers.rows()).find(({ version }) => version === 4);
  await until(async () => ((await done())?.checkpoint ?? 0) > 2);
  await until(async () => (await countTimers()) === 0);
  expect(await keysReminded(back)).toEqual(['a', 'a!']);
});

test('an older program leaves a process manager to one that can read its events', async () => {
  const old = await start();
  await until(async () => (await countRun(testDatabase.database)) === 1);
  const fresh = await start(later());
  await set(fresh, 'a', 300);
  await until(async () => (await keysReminded(fresh)).length === 1, 20_000);
  await until(async () => (await countTimers()) === 0);
  await set(old, 'b', 100);
  await until(async () => (await keysReminded(fresh)).length === 2, 20_000);
  expect(await keysReminded(fresh)).toEqual(['a', 'b']);
  expect(old.feed.failure()).toContain('version 2 of ReminderSet, event 1');
  expect((await fresh.consumers.rows())[0]).toMatchObject({ error: null });
  const refused = expect.objectContaining({ code: 'UPGRADE_NEEDED', sequence: 1 });
  await expect(set(old, 'a', 100)).rejects.toEqual(refused);
});

test('without a newer program a process manager stops before the event and reports why', async () => {
  const fresh = await start(later());
  await set(fresh, 'a', 60_000);
  await fresh.stop();
  const { database } = testDatabase;
  await database.query({ name: 'rewind', text: 'update consumers set checkpoint = 0' });
  const old = await start();
  const error = async () => (await old.consumers.rows())[0]?.error ?? '';
  await until(async () => (await error()).includes('version 2 of ReminderSet, event 1'), 20_000);
  const second = await start(later());
  await until(async () => (await error()) === '', 20_000);
  await until(async () => (await second.consumers.rows())[0]?.checkpoint === 1);
});
