import { afterEach, beforeEach, expect, test } from 'vitest';
import { addMicroseconds, fromEpochMs } from '../../src/lib/date-time.ts';
import { appendEvents } from '../../src/log/append.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import { batchOf, pending, run } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { clockOf, countWaiting, sql } from '../support/rows.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;
let log: Log;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  log = createLog(testDatabase.database, new Map());
});

afterEach(() => testDatabase.dispose());

const whole = { limit: 10_000 };

test('the time of an event resolves to it, and the microsecond before to the previous event', async () => {
  await log.append(batchOf(run('a-1', 0, 2)));
  await log.append(batchOf(run('a-1', 2, 2)));
  for (const { sequence, recordedAt } of await log.events({}, whole)) {
    expect(await log.sequenceAt(recordedAt)).toBe(sequence);
    expect(await log.sequenceAt(microsecondBefore(recordedAt))).toBe(sequence - 1);
  }
});

test('a time before the first event resolves to sequence 0', async () => {
  expect(await log.sequenceAt('2001-01-01T00:00:00.000000Z')).toBe(0);
  await log.append(batchOf([pending('a-1', 1)]));
  expect(await log.sequenceAt('0001-01-01T00:00:00.000000Z')).toBe(0);
});

test('the current time resolves to the head, and a time in the future to nothing', async () => {
  await log.append(batchOf(run('a-1', 0, 3)));
  expect(await log.sequenceAt(await clockOf(testDatabase.database))).toBe(3);
  expect(await log.sequenceAt(fromEpochMs(Date.now() + 3_600_000))).toBeNull();
  expect(await log.sequenceAt('9999-12-31T23:59:59.999999Z')).toBeNull();
});

test('a moment waits for a running append and includes its events', async () => {
  const { database } = testDatabase;
  await log.append(batchOf([pending('a-1', 1)]));
  let answer: Promise<number | null> | undefined;
  let moment = '';
  await database.withTransaction(async (executor) => {
    await appendEvents(executor, batchOf([pending('a-1', 2)]));
    moment = await clockOf(database);
    answer = log.sequenceAt(moment);
    await until(async () => (await countWaiting(database, 'sequence_at')) === 1);
  });
  expect(await answer).toBe(2);
  await log.append(batchOf([pending('a-1', 3)]));
  const [, second, third] = await log.events({}, whole);
  expect((second?.recordedAt ?? '') <= moment).toBe(true);
  expect((third?.recordedAt ?? '') > moment).toBe(true);
});

test('a moment does not include the events of a running append that is rolled back', async () => {
  const { database } = testDatabase;
  let answer: Promise<number | null> | undefined;
  const undone = database.withTransaction(async (executor) => {
    await appendEvents(executor, batchOf([pending('a-1', 1)]));
    answer = log.sequenceAt(await clockOf(database));
    await until(async () => (await countWaiting(database, 'sequence_at')) === 1);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect(await answer).toBe(0);
});

test('a moment that was resolved stays valid for an append that waited for it', async () => {
  const { database } = testDatabase;
  await log.append(batchOf([pending('a-1', 1)]));
  for (let version = 2; version < 30; version += 1) {
    const moment = await clockOf(database);
    const [at] = await Promise.all([
      log.sequenceAt(moment),
      log.append(batchOf([pending('a-1', version)])),
    ]);
    const events = await log.events({}, whole);
    expect(at).toBe(events.filter(({ recordedAt }) => recordedAt <= moment).length);
    expect(await log.sequenceAt(moment)).toBe(at);
  }
});

test('the clock of the log never returns to before a resolved moment', async () => {
  const { database } = testDatabase;
  await log.append(batchOf([pending('a-1', 1)]));
  const moment = await clockOf(database);
  expect(await log.sequenceAt(moment)).toBe(1);
  // Even if the server's own clock were set back now, the next event would come after.
  const [head] = await sql<{ clock: string }>(database, 'select clock from log_head');
  expect((head?.clock ?? '') >= moment).toBe(true);
});

test('an event is after the clock of the log, even if the server’s clock is behind', async () => {
  const { database } = testDatabase;
  const ahead = '2999-01-01T00:00:00.000000Z';
  await sql(database, 'update log_head set clock = $1', [ahead]);
  const { recordedAt } = await log.append(batchOf(run('a-1', 0, 2)));
  expect(recordedAt).toBe('2999-01-01T00:00:00.000001Z');
  expect(await log.sequenceAt(ahead)).toBe(0);
  expect(await log.sequenceAt('2999-01-01T00:00:00.000002Z')).toBe(2);
});

test('moments resolved during many appends always include every event up to them', async () => {
  const { database } = testDatabase;
  const asked: (readonly [moment: string, at: number | null])[] = [];
  let isOver = false;
  const asking = [0, 1].map(async () => {
    while (!isOver) {
      const moment = await clockOf(database);
      asked.push([moment, await log.sequenceAt(moment)]);
    }
  });
  const appending = [0, 1, 2, 3].map(async (appender) => {
    for (let version = 0; version < 100; version += 2) {
      await log.append(batchOf(run(`stream-${appender}`, version, 2)));
    }
  });
  await Promise.all(appending);
  isOver = true;
  await Promise.all(asking);
  const times = (await log.events({}, whole)).map(({ recordedAt }) => recordedAt);
  expect(asked.length).toBeGreaterThan(0);
  for (const [moment, at] of asked) {
    expect(at).toBe(times.filter((recordedAt) => recordedAt <= moment).length);
  }
});

function microsecondBefore(time: string): string {
  const earlier = fromEpochMs(Date.parse(`${time.slice(0, 19)}Z`) - 1_000);
  return addMicroseconds(earlier, 1_000_000 + Number(time.slice(20, 26)) - 1);
}
