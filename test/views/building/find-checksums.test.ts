import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../../src/log/log.ts';
import { createDatabase } from '../../../src/postgres/database.ts';
import { advance, createMovingView } from '../../../src/views/building/advance.ts';
import {
  createChecksumParts,
  type SummedRow,
  toHex,
} from '../../../src/views/building/checksum.ts';
import { createFindChecksums } from '../../../src/views/building/find-checksums.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { appendNotes, idsOf, storedOf } from '../../support/rebuilding.ts';
import { sql } from '../../support/rows.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { startViewing, type ViewingProcess } from '../../support/viewing.ts';
import { walletsView } from '../../support/wallets.ts';

let testDatabase: TestDatabase;
const undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  undo.push(testDatabase.dispose);
});

afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

async function start(): Promise<ViewingProcess> {
  const database = createDatabase({
    url: testDatabase.url,
    applicationName: 'server',
    poolMax: 4,
    log: silentLogger,
  });
  undo.push(database.stop);
  const viewing = await startViewing(database, [walletsView]);
  undo.push(viewing.stop);
  return viewing;
}

/** The checksum of the view, and whether it is that of its checkpoint. */
async function checksumOf() {
  const [row] = await sql<{ readonly checksum: string | null; readonly isCurrent: boolean | null }>(
    testDatabase.database,
    `select encode(checksum, 'hex') as checksum, checksum_sequence = checkpoint as "isCurrent"
     from views where name = 'wallets'`,
  );
  return row;
}

/** Takes away what a program that knows no checksums leaves out. */
async function forget(): Promise<void> {
  await sql(
    testDatabase.database,
    `update views set checksum = sha256('stale'), checksum_sequence = checkpoint - 100`,
  );
  await sql(testDatabase.database, 'delete from view_checksums');
}

test('checksums that another program has left stale are found again while the view advances', async () => {
  const { database } = testDatabase;
  const first = await start();
  expect(await first.views.waitFor(await appendNotes(database, 12_000), 30_000)).toBe(true);
  await first.stop();
  const known = await checksumOf();
  const id = (await idsOf(database, walletsView)).live ?? 0;
  const stored = await storedOf(database, id, 12_000);
  await forget();

  const second = await start();
  const later = await appendNotes(database, 9_000);
  expect(await second.views.waitFor(later, 30_000)).toBe(true);
  await until(async () => {
    await appendNotes(database, 1);
    return (await checksumOf())?.isCurrent === true;
  });
  expect(await storedOf(database, id, 12_000)).toEqual(stored);
  const marks = (await storedOf(database, id, later)).marks;
  expect(marks).toHaveLength(2);
  await second.stop();

  // The same log, folded by a program that has known them from the beginning.
  const found = await checksumOf();
  await sql(database, `update views set name = 'other' where name = 'wallets'`);
  const third = await start();
  const head = (await third.log.head()).sequence;
  expect(await third.views.waitFor(head, 30_000)).toBe(true);
  expect(await checksumOf()).toEqual(found);
  const rebuilt = (await idsOf(database, walletsView)).live ?? 0;
  expect((await storedOf(database, rebuilt, later)).marks).toEqual(marks);
  expect(known?.isCurrent).toBe(true);
}, 120_000);

test('marks that are passed before the checksum is known are stored together with it', async () => {
  const { database } = testDatabase;
  const first = await start();
  expect(await first.views.waitFor(await appendNotes(database, 9_500), 30_000)).toBe(true);
  await first.stop();
  await forget();
  const id = (await idsOf(database, walletsView)).live ?? 0;
  const moving = createMovingView(walletsView, id, 9_500, 'live');
  const head = await appendNotes(database, 1_000);
  const log = createLog(database, new Map());
  await advance(
    database,
    [moving],
    await log.events({}, { after: 9_500, before: head + 1, limit: 1_000 }),
  );
  expect(moving.marks.map(({ sequence }) => sequence)).toEqual([10_000]);
  expect((await storedOf(database, id, head)).marks).toEqual([]);

  const { signal } = new AbortController();
  const finding = createFindChecksums({ database, logger: silentLogger, signal });
  await until(async () => {
    await finding.look([moving]);
    return moving.summedAfter === 0;
  });
  const parts = createChecksumParts();
  const rows = await sql<SummedRow>(
    database,
    'select key, sequence, document::text as text from view_document_history where view_id = $1',
    [id],
  );
  for (const row of rows) parts.add(row);
  const { checksum, marks } = parts.upTo(head);
  expect(moving.checksum).toEqual(checksum);
  expect((await storedOf(database, id, head)).marks).toEqual(
    marks.map((mark) => ({ sequence: mark.sequence, checksum: toHex(mark.checksum) })),
  );
}, 120_000);
