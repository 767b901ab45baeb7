import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog, type Log } from '../../src/log/log.ts';
import { batchOf, pending } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';

let testDatabase: TestDatabase;
let log: Log;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  log = createLog(testDatabase.database, new Map());
});
afterAll(() => testDatabase.dispose());

/** Lets the next event have the sequence after this one. */
function jumpTo(sequence: number): Promise<unknown> {
  return sql(testDatabase.database, 'update log_head set sequence = $1', [sequence]);
}

async function partitions(): Promise<readonly string[]> {
  const rows = await sql<{ name: string }>(
    testDatabase.database,
    `select inhrelid::regclass::text as name from pg_inherits
     where inhparent = 'events'::regclass order by inhrelid`,
  );
  return rows.map(({ name }) => name);
}

function batchAt(streamId: string, versions: readonly number[]) {
  return batchOf(versions.map((version) => pending(streamId, version)));
}

test('the events of one batch and one stream go on from one part of the table to the next', async () => {
  await log.append(batchAt('a-1', [1]));
  expect(await partitions()).toEqual(['events_1']);
  await jumpTo(9_999_998);
  await log.append(batchAt('a-1', [2, 3, 4, 5]));
  expect(await partitions()).toEqual(['events_1', 'events_10000001']);
  const counts = await sql(
    testDatabase.database,
    `select (select count(*) from events_1)::integer as first,
      (select count(*) from events_10000001)::integer as second`,
  );
  expect(counts).toEqual([{ first: 3, second: 2 }]);

  const sequences = [1, 9_999_999, 10_000_000, 10_000_001, 10_000_002];
  const [event] = await log.events({}, { after: 9_999_999, limit: 1 });
  const sameActor = { actor: event?.actor ?? '' };
  const filters = [{}, { streamId: 'a-1' }, { types: [event?.type ?? ''] }, sameActor];
  for (const filter of filters) {
    for (const descending of [false, true]) {
      const events = await log.events(filter, { limit: 10, descending });
      const expected = descending ? sequences.toReversed() : sequences;
      expect(events.map(({ sequence }) => sequence)).toEqual(expected);
    }
  }
  const { events: loaded } = await log.streams([{ streamId: 'a-1', fromVersion: 3 }]);
  expect(loaded.map(({ version }) => version)).toEqual([3, 4, 5]);
  await expect(log.append(batchAt('a-1', [4]))).rejects.toMatchObject({ code: 'STALE_STREAMS' });
});

test('the next part is added long before it is needed', async () => {
  await jumpTo(14_999_999);
  await log.append(batchAt('b-1', [1]));
  expect(await partitions()).toContain('events_20000001');
});

test('an append goes on while the next part cannot be added, and a later one adds it', async () => {
  await jumpTo(24_999_999);
  await testDatabase.database.withTransaction(async (executor) => {
    await executor.query({ name: 'lock', text: 'lock table events in share row exclusive mode' });
    // Inserts wait for this lock, too, so the function is called alone.
    await sql(testDatabase.database, 'select prepare_events_partition(25000001)');
  });
  expect(await partitions()).not.toContain('events_30000001');
  await log.append(batchAt('c-1', [1]));
  expect(await partitions()).toContain('events_30000001');
});

test('what is recorded in a part can be neither changed nor deleted, not even by its name', async () => {
  for (const statement of [
    `update events_1 set actor = 'x'`,
    'delete from events_10000001',
    'truncate events_1',
    'truncate events',
  ]) {
    await expect(sql(testDatabase.database, statement)).rejects.toMatchObject({ code: 'DB003' });
  }
});
