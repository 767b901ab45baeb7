import { afterAll, beforeAll, expect, test } from 'vitest';
import { checksumAt } from '../../src/rebuild/checksum-at.ts';
import { rebuildViews, refoldViews } from '../../src/rebuild/rebuild-views.ts';
import { verifyViews } from '../../src/rebuild/verify-views.ts';
import { readDocuments } from '../../src/views/read.ts';
import { readViews } from '../../src/views/store.ts';
import { thinViews } from '../../src/views/thin-views.ts';
import { packedIn } from '../support/packing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  appendNotes,
  idsOf,
  type RebuildingProcess,
  requestFor,
  startRebuilding,
} from '../support/rebuilding.ts';
import { sql } from '../support/rows.ts';
import { startViewing, type ViewingProcess } from '../support/viewing.ts';
import { walletKeys, walletsView } from '../support/wallets.ts';

const head = 31_000;
/** Between two marks. */
const before = 12_345;

let testDatabase: TestDatabase;
let rebuilding: RebuildingProcess;
let server: ViewingProcess;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  rebuilding = startRebuilding(testDatabase.url);
  await appendNotes(testDatabase.database, head);
  server = await startViewing(testDatabase.database, [walletsView]);
  expect(await server.views.waitFor(head, 60_000)).toBe(true);
  await server.stop();
}, 90_000);

afterAll(async () => {
  await rebuilding.stop();
  await testDatabase.dispose();
});

const thin = (at: number) => thinViews(testDatabase.database, { before: at, views: ['wallets'] });
const liveId = async () => (await idsOf(testDatabase.database, walletsView)).live ?? 0;

async function verify() {
  const [verified] = await verifyViews({ ...rebuilding.parts, views: [walletsView] });
  return verified;
}

async function refold() {
  const [refolded] = await refoldViews(rebuilding.parts, requestFor([walletsView]));
  return refolded;
}

const readAt = async (at: number) =>
  readDocuments(testDatabase.database, await liveId(), walletKeys, at);

/** Puts a space into some stored documents, and takes it out after the work. */
async function withChanged(sequence: number, work: () => Promise<void>): Promise<void> {
  const id = await liveId();
  const change = async (from: string, to: string) => {
    // Where the version is depends on how far packing has come.
    const changed = await sql(
      testDatabase.database,
      `with packed as (
         update view_document_packs
         set documents = replace(documents::text, $1::text, $2::text)::json[]
         where view_id = $3 and $4 = any (sequences) returning 1
       ), others as (
         update view_documents
         set document = replace(document::text, replace($1, '\\', ''), replace($2, '\\', ''))::json
         where view_id = $3 and sequence = $4 returning 1
       ) select from packed union all select from others`,
      [from, to, id, sequence],
    );
    expect(changed.length).toBeGreaterThan(0);
  };
  await change('sum\\":', 'sum\\": ');
  await work();
  await change('sum\\": ', 'sum\\":');
}

test('a thinned view is verified from where its history begins, and compared with a copy', async () => {
  const untouched = await readAt(before);
  expect(await verify()).toMatchObject({ historyFrom: 0, fault: null });
  // In two steps, so that removed versions are added up.
  for (const at of [9_000, before]) {
    const [thinned] = await thin(at);
    expect(thinned?.documents).toBeGreaterThan(2_500);
    expect(await verify()).toMatchObject({ historyFrom: at, fault: null, provedUpTo: head });
  }
  expect(await refold()).toMatchObject({ difference: null, failure: null });
  expect(await readAt(before)).toEqual(untouched);
}, 90_000);

test('a changed version of a thinned view is found, before and after its beginning', async () => {
  const ofView = { view: walletsView, id: await liveId() };
  const { database, log } = rebuilding.parts;
  expect(await checksumAt(database, log, ofView, before)).toBeNull();
  expect(await checksumAt(database, log, ofView, 20_500)).not.toBeNull();
  await withChanged(25_000, async () => {
    expect(await verify()).toMatchObject({ fault: { from: 20_001, to: 30_000 } });
    expect(await refold()).toMatchObject({ difference: { from: 20_001, to: 30_000 } });
  });
  const [kept] = await sql<{ sequence: number }>(
    database,
    `select max(version) as sequence from view_document_packs
     cross join lateral unnest(sequences) as version where view_id = $1 and version <= $2`,
    [ofView.id, before],
  );
  await withChanged(kept?.sequence ?? 0, async () => {
    expect(await verify()).toMatchObject({ fault: { from: 1, to: 20_000 } });
    expect(await refold()).toMatchObject({ difference: { from: 1, to: 20_000 } });
  });
  expect(await verify()).toMatchObject({ fault: null });
}, 90_000);

test('what thinning leaves when it is stopped is verified, too', async () => {
  const stopping = new AbortController();
  const [thinned] = await thinViews(testDatabase.database, {
    before: 20_000,
    views: ['wallets'],
    onProgress: () => stopping.abort(),
    signal: stopping.signal,
  });
  expect(thinned).toMatchObject({ historyFrom: 20_000, entries: 0 });
  expect(await verify()).toMatchObject({ historyFrom: 20_000, fault: null });
  expect((await thin(20_000))[0]?.entries).toBeGreaterThan(0);
  expect(await verify()).toMatchObject({ historyFrom: 20_000, fault: null });
}, 90_000);

test('a rebuild proves itself against a thinned view and brings the history back', async () => {
  const rowsAt: number[] = [];
  const onProgress = ({ step }: { readonly step: string }): void => {
    if (step !== 'building') return;
    void idsOf(testDatabase.database, walletsView).then(async ({ copy }) => {
      if (copy !== null) rowsAt.push((await packedIn(testDatabase.database, { id: copy })).rows);
    });
  };
  const [rebuilt] = await rebuildViews(rebuilding.parts, requestFor([walletsView], { onProgress }));
  expect(rebuilt).toMatchObject({ difference: null, swapped: { isProved: true } });
  expect(await verify()).toMatchObject({ historyFrom: 0, fault: null, provedUpTo: head });
  const row = (await readViews(testDatabase.database)).find(({ name }) => name === 'wallets');
  expect(row).toMatchObject({ historyFrom: 0, removedChecksum: null });
  expect((await readAt(5_000)).length).toBeGreaterThan(3);
  // The copy was packed while it was built: it never took the space of all its rows.
  expect(rowsAt.length).toBeGreaterThan(10);
  expect(Math.max(...rowsAt)).toBeLessThan(20_000);
  const { documents, rows } = await packedIn(testDatabase.database, { id: row?.id ?? 0 });
  expect(documents).toBeGreaterThan(15_000);
  expect(rows).toBeLessThan(documents);
}, 90_000);
