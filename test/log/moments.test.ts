import { afterEach, beforeEach, expect, test } from 'vitest';
import { addMicroseconds, fromEpochMs, toEpochMs } from '../../src/lib/date-time.ts';
import { appendEvents } from '../../src/log/append.ts';
import { createLog } from '../../src/log/log.ts';
import type { Database } from '../../src/postgres/database.ts';
import { batchOf, pending, run } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog, withDatabase } from '../support/processing.ts';
import { clockOf, countWaiting, sql } from '../support/rows.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(() => testDatabase.dispose());

/** A database that counts its statements about moments. */
function counting(database: Database) {
  let count = 0;
  const counted: Database = {
    ...database,
    query(query, values) {
      if (query.name.startsWith('sequence_at')) count += 1;
      return database.query(query, values);
    },
  };
  return { database: counted, count: () => count };
}

/** The transaction that last wrote the head or locked it for writing. */
async function writersOfHead(database: Database): Promise<readonly string[]> {
  const text = 'select array[xmin::text, xmax::text] as ids from log_head';
  const [row] = await sql<{ ids: readonly string[] }>(database, text);
  return row?.ids ?? [];
}

/** The number of statements about moments that wait to try again. */
async function countLooking(database: Database): Promise<number> {
  const [row] = await sql<{ count: number }>(
    database,
    `select count(*) from pg_stat_activity where datname = current_database()
      and wait_event = 'PgSleep' and query like '%sequence_at_each%'`,
  );
  return row?.count ?? 0;
}

test('moments that are requested together move the clock once', async () => {
  const { database, count } = counting(testDatabase.database);
  const log = createLog(database, new Map());
  await log.append(batchOf(run('a-1', 0, 3)));
  const now = toEpochMs(await clockOf(testDatabase.database));
  const moments = Array.from({ length: 50 }, (_, index) => fromEpochMs(now - index * 10));
  const found = await Promise.all(moments.map((moment) => log.sequenceAt(moment)));
  const times = (await log.events({}, wholeLog)).map(({ recordedAt }) => recordedAt);
  for (const [index, moment] of moments.entries()) {
    expect(found[index]).toBe(times.filter((recordedAt) => recordedAt <= moment).length);
  }
  const untilClock = moments.filter((moment) => moment <= (times[0] ?? '')).length;
  expect(count()).toBeLessThanOrEqual(2 + untilClock);
});

test('one moment in the future does not affect the others', async () => {
  const log = createLog(testDatabase.database, new Map());
  await log.append(batchOf(run('a-1', 0, 3)));
  const now = await clockOf(testDatabase.database);
  const moments = [now, addMicroseconds(now, 3_600_000_000), now];
  expect(await Promise.all(moments.map((moment) => log.sequenceAt(moment)))).toEqual([3, null, 3]);
});

test('a moment up to the clock of the head writes nothing', async () => {
  const { database } = testDatabase;
  const log = createLog(database, new Map());
  await log.append(batchOf(run('a-1', 0, 3)));
  const moment = await clockOf(database);
  expect(await log.sequenceAt(moment)).toBe(3);
  const before = await writersOfHead(database);
  expect(await createLog(database, new Map()).sequenceAt(moment)).toBe(3);
  expect(await log.sequenceAt(moment)).toBe(3);
  expect(await log.sequenceAt('9999-01-01T00:00:00.000000Z')).toBeNull();
  expect(await writersOfHead(database)).toEqual(before);
});

test('a moment that a running append passes does not wait for its lock', async () => {
  const { database } = testDatabase;
  const log = createLog(database, new Map());
  await log.append(batchOf([pending('a-1', 1)]));
  const moment = await clockOf(database);
  let answer: Promise<number | null> | undefined;
  let id: string | undefined;
  await database.withTransaction(async (executor) => {
    const { recordedAt } = await appendEvents(executor, batchOf([pending('a-1', 2)]));
    expect(recordedAt > moment).toBe(true);
    const own = 'select pg_current_xact_id()::text as id';
    id = (await sql<{ id: string }>(executor, own))[0]?.id;
    answer = log.sequenceAt(moment);
    await until(async () => (await countLooking(database)) === 1);
    expect(await countWaiting(database, 'sequence_at')).toBe(0);
  });
  expect(await answer).toBe(1);
  // The append itself has locked the row before it changed it.
  expect(await writersOfHead(database)).toEqual([id, id]);
});

test('moments resolved by two appending processes always include the same events', async () => {
  await withDatabase(testDatabase.url, async (other) => {
    const logs = [testDatabase.database, other].map((each) => createLog(each, new Map()));
    const asked: (readonly [moment: string, at: number | null])[] = [];
    let isOver = false;
    const asking = [0, 0, 5].flatMap((agoMs) =>
      logs.map(async (log) => {
        while (!isOver) {
          const now = toEpochMs(await clockOf(testDatabase.database));
          const moment = addMicroseconds(fromEpochMs(now - agoMs), (now * 1_000) % 1_000);
          asked.push([moment, await log.sequenceAt(moment)]);
        }
      }),
    );
    const appending = logs.flatMap((log, process) =>
      [0, 1, 2, 3].map(async (appender) => {
        for (let version = 0; version < 60; version += 2) {
          await log.append(batchOf(run(`stream-${process}${appender}`, version, 2)));
        }
      }),
    );
    await Promise.all(appending);
    isOver = true;
    await Promise.all(asking);
    const [log] = logs;
    const times = (await log?.events({}, wholeLog))?.map(({ recordedAt }) => recordedAt) ?? [];
    expect(asked.length).toBeGreaterThan(0);
    for (const [moment, at] of asked) {
      expect(at).toBe(times.filter((recordedAt) => recordedAt <= moment).length);
    }
  });
});
