import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { advance, type MovingView } from '../../src/views/building/advance.ts';
import { readDocument, readDocuments, readList } from '../../src/views/read.ts';
import { readViews } from '../../src/views/store.ts';
import { thinViews } from '../../src/views/thin-views.ts';
import { createWalletsView, paged, programsOf, toEvent } from '../support/folding.ts';
import { allTexts, packedIn, packUpTo } from '../support/packing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import { foldWallets, listWallets, type Note, walletKeys } from '../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

const createView = (entriesMax?: number) => createWalletsView(testDatabase.database, entriesMax);

const thin = (view: MovingView, before: number) =>
  thinViews(testDatabase.database, { before, views: [view.view.name] });

const busy = (index: number): Note => ({
  keys: [String(index % 40)],
  amount: index % 200 === 13 ? 0 : 1 + (index % 5),
  owner: index % 3 === 0 ? 'ann' : 'Bob',
  isGone: index % 200 === 13,
});

async function storedOf(view: MovingView) {
  const { documents, rows, entries } = await packedIn(testDatabase.database, view);
  const [row] = await sql<{ count: number }>(
    testDatabase.database,
    `select count(*)::integer as count from view_entries where block in (
       select id from view_partitions where view_id = $1
       union select block from view_blocks where partition_id in (
         select id from view_partitions where view_id = $1
       )
     )`,
    [view.id],
  );
  return { documents: documents + rows, entries: entries + (row?.count ?? 0) };
}

/** Entries and packs of blocks that no directory has. */
async function orphans() {
  const [row] = await sql<{ count: number }>(
    testDatabase.database,
    `select count(*)::integer as count from (
       select block from view_entries union all select block from view_entry_packs
     ) as stored where block not in (
       select id from view_partitions union select block from view_blocks
     )`,
  );
  return row?.count;
}

test('a thinned view is read alike from its floor on, also after it has advanced', async () => {
  const { database } = testDatabase;
  const property = fc.asyncProperty(
    programsOf(150, 100),
    fc.integer({ min: 1, max: 90 }),
    fc.boolean(),
    async ({ events, pageSizes }, before, isPacked) => {
      const [plain, view] = [await createView(8), await createView(8)];
      const firstPart = events.slice(0, 90);
      for (const page of paged(events, pageSizes)) await advance(database, [plain], page);
      for (const page of paged(firstPart, pageSizes)) await advance(database, [view], page);
      if (isPacked) await packUpTo(database, view, 85, 60);
      const stored = await storedOf(view);
      const [{ documents, entries, historyFrom } = { documents: 0, entries: 0 }] = await thin(
        view,
        before,
      );
      expect(historyFrom).toBe(before);
      const left = await storedOf(view);
      expect(stored.documents - left.documents).toBe(documents);
      expect(stored.entries - left.entries).toBe(entries);
      expect(await orphans()).toBe(0);
      for (const page of paged(events.slice(90), pageSizes)) {
        await advance(database, [view], page);
      }
      await packUpTo(database, view, events.length);
      const all = { keys: walletKeys, upTo: events.length };
      const textsOf = async (of: MovingView) =>
        (await allTexts(database, of, all)).filter(({ at }) => at >= before);
      expect(await textsOf(view)).toEqual(await textsOf(plain));
      for (let at = before; at <= events.length; at += 9) {
        for (const descending of [false, true]) {
          const page = { list: 'SUM', limit: 20, descending };
          const found = await readList(database, view.id, page, at);
          expect(found).toEqual(listWallets(foldWallets(events, at), page));
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 6 });
}, 90_000);

test('thinning leaves one version of each document before the floor, and it can be repeated', async () => {
  const { database } = testDatabase;
  const view = await createView(16);
  const events = Array.from({ length: 4_000 }, (_, index) => toEvent(busy(index), index));
  for (const page of paged(events, [500])) await advance(database, [view], page);
  await packUpTo(database, view, 3_500);
  const keys = Array.from({ length: 40 }, (_, index) => String(index));
  const readAll = () =>
    Promise.all(
      // Each of these events replaces a version that is in force right before it.
      [2_000, 2_001, 2_002, 2_039, 3_000].map(async (at) => [
        await readDocuments(database, view.id, keys, at),
        await readList(database, view.id, { list: 'SUM', limit: 50 }, at),
      ]),
    );
  const found = await readAll();
  expect(await thin(view, 2_000)).toMatchObject([{ historyFrom: 2_000 }]);
  expect(await readAll()).toEqual(found);
  const before = await storedOf(view);
  const [first] = await thin(view, 4_000);
  expect(first?.documents).toBeGreaterThan(1_900);
  const after = await storedOf(view);
  expect(after.documents).toBe(40);
  expect(after.entries).toBeLessThan(before.entries / 10);
  expect(await thin(view, 3_000)).toEqual([
    { name: view.view.name, historyFrom: 4_000, documents: 0, entries: 0 },
  ]);
});

test('a view is not thinned beyond its checkpoint', async () => {
  const view = await createView();
  await advance(testDatabase.database, [view], [toEvent(busy(0), 0), toEvent(busy(40), 1)]);
  expect(await thin(view, 100)).toMatchObject([{ historyFrom: 2 }]);
  expect(await readDocument(testDatabase.database, view.id, '0', 2)).toMatchObject({ sequence: 2 });
  const row = (await readViews(testDatabase.database)).find(({ id }) => id === view.id);
  expect(row?.historyFrom).toBe(2);
});
