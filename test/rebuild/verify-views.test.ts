import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksumAt } from '../../src/rebuild/checksum-at.ts';
import { verifyViews } from '../../src/rebuild/verify-views.ts';
import { createChecksumParts, type SummedRow } from '../../src/views/building/checksum.ts';
import { unpackDocuments } from '../support/packing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  appendNotes,
  idsOf,
  type RebuildingProcess,
  startRebuilding,
} from '../support/rebuilding.ts';
import { sql } from '../support/rows.ts';
import { startViewing } from '../support/viewing.ts';
import { walletsView } from '../support/wallets.ts';

let testDatabase: TestDatabase;
let rebuilding: RebuildingProcess;
let id = 0;
const head = 21_000;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  rebuilding = startRebuilding(testDatabase.url);
  const { database } = testDatabase;
  await appendNotes(database, head);
  const server = await startViewing(database, [walletsView]);
  expect(await server.views.waitFor(head, 30_000)).toBe(true);
  await server.stop();
  id = (await idsOf(database, walletsView)).live ?? 0;
  await unpackDocuments(testDatabase.database);
}, 60_000);

afterAll(async () => {
  await rebuilding.stop();
  await testDatabase.dispose();
});

async function verify() {
  const [verified] = await verifyViews({ ...rebuilding.parts, views: [walletsView] });
  return verified;
}

const run = (text: string) => sql(testDatabase.database, text);

test('the rows of an untouched view are those of its checksums', async () => {
  const rows = await sql(testDatabase.database, 'select from view_document_history');
  expect(await verify()).toEqual({
    name: 'wallets',
    rows: rows.length,
    sequence: head,
    provedUpTo: head,
    historyFrom: 0,
    fault: null,
  });
});

const of = () => `view_id = ${id}`;
const bucket = (from: number, to: number) => ({ from, to });
const last = bucket(20_001, head);

test.each<readonly [string, () => string, object]>([
  [
    'one character of a document in the first range',
    () => `update view_documents set document = replace(document::text, '"sum":', '"sum":1')::json
      where ${of()} and sequence = 77`,
    { ...bucket(1, 10_000), document: { sequence: 77 } },
  ],
  [
    'a space that means nothing, in the middle range',
    () => `update view_documents set document = (document::text || ' ')::json
      where ${of()} and sequence = 12346`,
    { ...bucket(10_001, 20_000), document: { sequence: 12_346 } },
  ],
  [
    'a row that is missing',
    () => `delete from view_documents where ${of()} and sequence = 20501`,
    { ...last, document: { sequence: 20_501 } },
  ],
  [
    'a row that was put in',
    () => `insert into view_documents (view_id, key, sequence, document)
      values (${id}, 'mallory', 9999, '{"key":"mallory","owner":"x","sum":1}')`,
    { ...bucket(1, 10_000), document: { key: 'mallory', sequence: 9_999 } },
  ],
  [
    'a row beyond the checkpoint',
    () => `insert into view_documents (view_id, key, sequence, document)
      values (${id}, 'mallory', 40001, '{}')`,
    { ...bucket(head + 1, 40_001), document: { key: 'mallory', sequence: 40_001 } },
  ],
  [
    'a document that is said to be gone',
    () => `update view_documents set document = null where ${of()} and sequence = 10001`,
    { ...bucket(10_001, 20_000), document: { sequence: 10_001 } },
  ],
  [
    'a row under another key',
    () => `update view_documents set key = 'other' where ${of()} and sequence = 20999`,
    { ...last, document: { sequence: 20_999 } },
  ],
  [
    'the checksum of a mark',
    () => `update view_checksums set checksum = sha256('x') where ${of()} and sequence = 10000`,
    { ...bucket(1, 10_000), document: null },
  ],
  [
    'the checksum at the checkpoint',
    () => `update views set checksum = sha256('x') where id = ${id}`,
    { ...last, document: null },
  ],
])('%s is found, with its place', async (_title, change, fault) => {
  const tables = ['view_documents', 'view_checksums', 'views'];
  for (const table of tables) await run(`create table saved_${table} as table ${table}`);
  await run(change());
  expect(await verify()).toMatchObject({ fault });
  await run('delete from view_documents');
  await run('insert into view_documents table saved_view_documents');
  await run('delete from view_checksums');
  await run('insert into view_checksums table saved_view_checksums');
  await run(`update views set checksum = saved.checksum from saved_views as saved
    where saved.id = views.id`);
  for (const table of tables) await run(`drop table saved_${table}`);
  expect(await verify()).toMatchObject({ fault: null });
});

test('the checksum at any sequence is that of the rows up to there', async () => {
  const { database, log } = rebuilding.parts;
  for (const at of [0, 1, 9_999, 10_000, 10_001, 13_579, 20_000, head]) {
    const parts = createChecksumParts();
    const rows = await sql<SummedRow>(
      database,
      `select key, sequence, document::text as text from view_document_history
       where ${of()} and sequence <= $1`,
      [at],
    );
    for (const row of rows) parts.add(row);
    const found = await checksumAt(database, log, { view: walletsView, id }, at);
    expect(found).toEqual(parts.upTo(at).checksum);
  }
  await run('update view_checksums set sequence = 20001 where sequence = 20000');
  expect(await checksumAt(database, log, { view: walletsView, id }, 20_000)).toBeNull();
  await run('update view_checksums set sequence = 20000 where sequence = 20001');
});

test('a view without a checksum is verified up to its last mark, and says so', async () => {
  await run('update views set checksum_sequence = checksum_sequence - 1');
  expect(await verify()).toMatchObject({ fault: null, provedUpTo: 20_000, sequence: head });
  await run('update views set checksum_sequence = checksum_sequence + 1');
});

test('a view that no server has built is left out', async () => {
  const unknown = { ...walletsView, name: 'unknown' };
  expect(await verifyViews({ ...rebuilding.parts, views: [unknown] })).toEqual([]);
});
