import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventRow } from '../../src/log/codec.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import { type EventFilter, readEvents, scanEvents } from '../../src/log/read.ts';
import type { CommandRecordFilter } from '../../src/log/record-batches.ts';
import { actorTerm, nameTerm, outcomeTerm } from '../../src/log/record-terms.ts';
import type { Executor, Query } from '../../src/postgres/database.ts';
import { batchOf, expecting } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog, withDatabase } from '../support/processing.ts';
import { sql } from '../support/rows.ts';

let testDatabase: TestDatabase;
const eventCount = 20_000;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  const { database } = testDatabase;
  await sql(
    database,
    `insert into events
     select place, 'account-' || place % 2000, (place - 1) / 2000 + 1, gen_random_uuid(),
       case when place = 15000 then 'Rare' else 'Type' || place % 5 end, 1,
       timestamptz '2026-01-01' + place * interval '1 second', '2026-01-01',
       case when place % 1000 = 0 then 'rare' else 'actor' || place % 3 end, gen_random_uuid(),
       'correlation ' || place / 3, null, '{"amount": "1.00"}', ''
     from generate_series(1, $1::int) as place`,
    [eventCount],
  );
  await sql(
    database,
    `update log_head set sequence = $1, clock = (select max(recorded_at) from events)`,
    [eventCount],
  );
  await sql(
    database,
    `insert into command_outcomes
     select 'ann', 'key ' || place, 'print', gen_random_uuid(), place, 1, null, now()
     from generate_series(1, $1::int) as place`,
    [eventCount],
  );
  await sql(
    database,
    `insert into stream_snapshots
     select 'account-' || place, 1, 1, '{}' from generate_series(1, $1::int) as place`,
    [eventCount],
  );
  await insertRecords();
  await sql(database, 'vacuum analyze');
});

afterAll(() => testDatabase.dispose());

/** One batch with one record for each event; each tenth is rejected, and one name occurs once. */
async function insertRecords(): Promise<void> {
  const { database } = testDatabase;
  await sql(
    database,
    `insert into command_batches
     select recorded_at, sequence, 1, gen_random_uuid(), 150,
       '{"texts": ["depositCash", "ann", "OPERATOR", "http"], "records": [["' || command_id
       || '", 0, 1, 2, 3, 1, null, null, null, null, [], {"accountId": "none"}]]}', ''
     from events order by sequence`,
  );
  const term = '$1::integer, recorded_at from events';
  const insert = (value: number, condition: string) =>
    sql(database, `insert into command_terms select ${term} where ${condition}`, [value]);
  await insert(nameTerm('depositCash'), 'true');
  await insert(nameTerm('rare'), 'sequence = 15000');
  await insert(actorTerm('ann'), 'true');
  await insert(outcomeTerm('REJECTED'), 'sequence % 10 = 0');
}

/** How many blocks the statements of some work touch, with the plans that serve any values. */
async function blocksOf(work: (log: Log, executor: Executor) => Promise<unknown>): Promise<number> {
  const url = new URL(testDatabase.url);
  url.searchParams.set('options', '-c plan_cache_mode=force_generic_plan');
  return withDatabase(url.href, (database) =>
    database.withConnection(async (executor) => {
      const asked: (readonly [Query, readonly unknown[]])[] = [];
      const noting: Executor = {
        query(query, values = []) {
          asked.push([query, values]);
          return executor.query(query, values);
        },
      };
      await work(createLog({ ...database, ...noting }, new Map()), noting);
      let blocks = 0;
      for (const [query, values] of asked) {
        const name = `explain_${query.name}`;
        const text = `explain (analyze, buffers, format json) ${query.text}`;
        const [row] = await executor.query<ExplainRow>({ name, text }, values);
        const plan = row?.['QUERY PLAN'][0]?.Plan;
        blocks += (plan?.['Shared Hit Blocks'] ?? 0) + (plan?.['Shared Read Blocks'] ?? 0);
      }
      return blocks;
    }),
  );
}

interface ExplainRow {
  readonly 'QUERY PLAN': readonly { readonly Plan: Readonly<Record<string, number>> }[];
}

const asStored = Object.assign((row: EventRow) => row as never, {
  storedTypesOf: (types: readonly string[]) => types,
});

const filters: readonly EventFilter[] = [
  {},
  { streamId: 'account-77' },
  { actor: 'actor1' },
  { actor: 'rare' },
  { actor: 'nobody' },
  { types: ['Type1', 'Type2'] },
  { types: ['Rare', 'None'] },
  { correlationId: 'correlation 77' },
  { correlationId: 'none' },
  { streamId: 'account-77', types: ['Type2'] },
  { actor: 'actor1', types: ['Type1'] },
  { actor: 'rare', correlationId: 'none' },
];

test.each(filters)('a page of events by %j costs few blocks, from either end', async (filter) => {
  for (const descending of [false, true]) {
    const page = { ...wholeLog, limit: 20, descending };
    const blocks = await blocksOf((_, executor) => readEvents(executor, asStored, filter, page));
    expect(blocks).toBeLessThan(150);
  }
});

test('a scan of a page that two filters keep empty examines a bounded number of events', async () => {
  const filter = { actor: 'actor1', types: ['None'] };
  for (const descending of [false, true]) {
    const page = { ...wholeLog, limit: 20, descending, lookedAtMax: 100 };
    const blocks = await blocksOf(async (_, executor) => {
      const { events, stoppedAt } = await scanEvents(executor, asStored, filter, page);
      expect(events).toEqual([]);
      expect(stoppedAt).toBe(descending ? 19_702 : 298);
    });
    expect(blocks).toBeLessThan(60);
  }
});

const recordFilters: readonly CommandRecordFilter[] = [
  {},
  { outcome: 'ACCEPTED' },
  { outcome: 'REJECTED' },
  { names: ['depositCash'] },
  { names: ['rare', 'none'] },
  { actor: 'ann' },
  { actor: 'nobody' },
  { accountId: '77' },
  { accountId: 'none' },
  { correlationId: 'none' },
  { id: '01a2217e-6622-708a-affa-7b616c799896' },
  { actor: 'ann', outcome: 'FORBIDDEN' },
];

test.each(recordFilters)(
  'a scan of records by %j costs few blocks, from either end',
  async (filter) => {
    for (const descending of [false, true]) {
      for (const at of [100, 10_000, eventCount]) {
        const [event] = await sql<{ recordedAt: string }>(
          testDatabase.database,
          'select recorded_at as "recordedAt" from events where sequence = $1',
          [at],
        );
        const end = { sequence: at, recordedAt: event?.recordedAt ?? '' };
        const page = { end, limit: 20, descending, lookedAtMax: 20 };
        const blocks = await blocksOf((log) => log.records(filter, page));
        expect(blocks, `${at}`).toBeLessThan(filter.accountId === undefined ? 150 : 350);
      }
    }
  },
);

test('looking up streams, outcomes, snapshots and versions costs few blocks', async () => {
  const streamIds = ['account-1', 'account-2', 'account-none'];
  const costs = [
    await blocksOf((log) =>
      log.streams(streamIds.map((streamId) => ({ streamId, fromVersion: 6 }))),
    ),
    await blocksOf((log) => log.verify(expecting([['account-1', 10]])).catch(() => {})),
    await blocksOf((log) =>
      log.outcomes([
        ['ann', 'key 7'],
        ['ann', 'none'],
      ]),
    ),
    await blocksOf((log) =>
      log.snapshots(streamIds.map((streamId) => ({ streamId, deciderVersion: 1 }))),
    ),
    await blocksOf((log) => log.head()),
    await blocksOf((log) => log.recordsEnd(10_000)),
    await blocksOf((log) => log.findBatch(batchOf([]).id)),
  ];
  for (const cost of costs) expect(cost).toBeLessThan(100);
});

test('finding a sequence in the middle costs few blocks, by time and in a stream', async () => {
  expect(await blocksOf((log) => log.sequenceAt('2026-01-01T03:00:00.000000Z'))).toBeLessThan(150);
  const page = { after: 5_000, before: 15_000, limit: 20 };
  const cost = await blocksOf((log) => log.events({ streamId: 'account-77' }, page));
  expect(cost).toBeLessThan(100);
});
