import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { advance, type MovingView } from '../../src/views/building/advance.ts';
import { type ListPage, readDocuments, readList, readVersions } from '../../src/views/read.ts';
import { dropView } from '../../src/views/store.ts';
import { createWalletsView, paged, programsOf, toEvent } from '../support/folding.ts';
import { allTexts, packedIn, packUpTo } from '../support/packing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { countOf, sql } from '../support/rows.ts';
import {
  foldWallets,
  listWallets,
  type Note,
  walletFactors,
  walletKeys,
  walletOwners,
} from '../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

const createView = (entriesMax?: number) => createWalletsView(testDatabase.database, entriesMax);

/** How long before the horizon something has settled, so that it is packed while it is current. */
const settledLag = 25;

/** Folds pages into a view, and packs it after each up to `lag` sequences before its checkpoint. */
async function foldPacked(
  view: MovingView,
  pages: Iterable<readonly StoredEvent[]>,
  lag: number,
): Promise<void> {
  for (const page of pages) {
    await advance(testDatabase.database, [view], page);
    const horizon = view.checkpoint - lag;
    await packUpTo(testDatabase.database, view, horizon, horizon - settledLag);
    // As if another process continued.
    if (page.length === 3) view.blocks.clear();
  }
}

/** The names of keys, in number `count`, that walletsView orders by bytes. */
const keysOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index));

const questions = fc.record({
  list: fc.constantFrom('SUM', 'OWNER', 'FACTOR'),
  descending: fc.boolean(),
  limit: fc.integer({ min: 1, max: 4 }),
  owner: fc.constantFrom(...walletOwners),
  factor: fc.constantFrom(...walletFactors),
  isFiltered: fc.boolean(),
});

/** All pages of a list at a sequence, each beginning where the previous one ended. */
async function expectPages(
  view: MovingView,
  events: readonly StoredEvent[],
  { first, at }: { readonly first: ListPage; readonly at: number },
): Promise<void> {
  const wallets = foldWallets(events, at);
  for (let page = first; ; ) {
    const found = await readList(testDatabase.database, view.id, page, at);
    expect(found).toEqual(listWallets(wallets, page));
    const last = found.at(-1);
    if (last === undefined) return;
    page = { ...page, [page.descending ? 'before' : 'after']: last };
  }
}

test('a packed view has the same documents, byte for byte, and the same lists at every sequence', async () => {
  let packedCount = 0;
  const property = fc.asyncProperty(
    programsOf(120, 60),
    questions,
    fc.integer({ min: 0, max: 20 }),
    async ({ events, pageSizes }, { list, owner, factor, isFiltered, ...page }, lag) => {
      const [plain, packed] = [await createView(8), await createView(8)];
      for (const each of paged(events, pageSizes)) {
        await advance(testDatabase.database, [plain], each);
      }
      await foldPacked(packed, paged(events, pageSizes), lag);
      const all = { keys: walletKeys, upTo: events.length };
      const texts = await allTexts(testDatabase.database, packed, all);
      expect(texts).toEqual(await allTexts(testDatabase.database, plain, all));
      const range = { after: lag, upTo: events.length - (lag >> 1) };
      const versionsOf = async ({ id }: MovingView) =>
        (await readVersions(testDatabase.database, id, walletKeys, range)).toSorted(
          (a, b) =>
            a.sequence - b.sequence || walletKeys.indexOf(a.key) - walletKeys.indexOf(b.key),
        );
      expect(await versionsOf(packed)).toEqual(await versionsOf(plain));
      const filters = { SUM: { owner }, FACTOR: { factor }, OWNER: {} };
      const first: ListPage = { ...page, list, filter: isFiltered ? filters[list] : {} };
      for (let at = 0; at <= events.length; at += 7) {
        await expectPages(packed, events, { first, at });
      }
      const { documents, entries } = await packedIn(testDatabase.database, packed);
      packedCount += Math.min(documents, entries);
    },
  );
  await fc.assert(property, { numRuns: 10 });
  expect(packedCount).toBeGreaterThan(100);
}, 60_000);

const crowd = fc.record({
  notes: fc.array(
    fc.record(
      {
        keys: fc.uniqueArray(fc.nat({ max: 150 }).map(String), { minLength: 1, maxLength: 8 }),
        amount: fc.integer({ min: -50, max: 50 }),
        owner: fc.constantFrom('ann', 'Bob'),
        isGone: fc.constantFrom(true, false, false),
      },
      { requiredKeys: ['keys', 'amount'] },
    ),
    { minLength: 300, maxLength: 500 },
  ),
  pageSizes: fc.array(fc.constantFrom(3, 5, 40, 100), { minLength: 1, maxLength: 5 }),
  lag: fc.constantFrom(0, 10, 200),
  moments: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
});

test('many documents in many blocks are read alike, packed or not', async () => {
  const property = fc.asyncProperty(crowd, async ({ notes, pageSizes, lag, moments }) => {
    const view = await createView(16);
    // Entries that are packed while they are open, and end later.
    const goodbye: Note[] = keysOf(150).map((key, index) => {
      return { keys: [key], amount: 0, isGone: index % 30 !== 0 };
    });
    const events = [...notes, ...goodbye, ...notes.slice(0, 100)].map(toEvent);
    await foldPacked(view, paged(events, pageSizes), lag);
    expect((await packedIn(testDatabase.database, view)).entries).toBeGreaterThan(100);
    for (const at of [...moments.map((each) => each % events.length), events.length]) {
      const wallets = foldWallets(events, at);
      const found = await readDocuments(testDatabase.database, view.id, keysOf(151), at);
      expect(found.map(({ key, sequence }) => [key, sequence]).toSorted()).toEqual(
        wallets.map(({ key, sequence }) => [key, sequence]).toSorted(),
      );
      for (const filter of [{}, { owner: 'ann' }, { owner: 'Bob', sign: '-' }]) {
        for (const descending of [false, true]) {
          await expectPages(view, events, {
            first: { list: 'SUM', limit: 40, filter, descending },
            at,
          });
        }
      }
    }
  });
  // A failure is reported before the time is up, with the smallest example that was found.
  await fc.assert(property, {
    numRuns: 3,
    interruptAfterTimeLimit: 50_000,
    markInterruptAsFailure: true,
  });
}, 60_000);

const busy = (index: number): Note => ({
  keys: [String(index % 40)],
  amount: 1 + (index % 5),
  owner: index % 3 === 0 ? 'ann' : 'Bob',
});

test('no reader misses anything while its view is packed and advanced', async () => {
  const { database } = testDatabase;
  const [plain, view] = [await createView(16), await createView(16)];
  const events = Array.from({ length: 3_000 }, (_, index) => toEvent(busy(index), index));
  for (const page of paged(events, [500])) await advance(database, [plain], page);
  await advance(database, [view], events.slice(0, 1_000));
  let isOver = false;
  const whileBusy = async (work: () => Promise<unknown>) => {
    let turns = 0;
    for (; !isOver; turns += 1) await work();
    return turns;
  };
  const turns = Promise.all([
    whileBusy(() => packUpTo(database, view, view.checkpoint, view.checkpoint - 500)),
    whileBusy(async () => {
      const at = 1 + Math.floor(Math.random() * 1_000);
      const all = { keys: keysOf(40), upTo: 3 };
      const page: ListPage = { list: 'SUM', limit: 40, filter: { owner: 'ann' } };
      const read = async ({ id }: MovingView) => [
        await readDocuments(database, id, all.keys, at),
        await readList(database, id, page, at),
      ];
      expect(await read(view)).toEqual(await read(plain));
    }),
  ]);
  turns.catch(() => {});
  for (const page of paged(events.slice(1_000), [7])) await advance(database, [view], page);
  isOver = true;
  for (const count of await turns) expect(count).toBeGreaterThan(5);
  expect((await packedIn(database, view)).documents).toBeGreaterThan(1_000);
  const all = { keys: keysOf(40), upTo: 3_000 };
  expect(await allTexts(database, view, all)).toEqual(await allTexts(database, plain, all));
}, 60_000);

test('packed keys are UUIDs where all of a block are, and are read as they were written', async () => {
  const view = await createView(16);
  const ids = keysOf(60).map(() => newUuid());
  // A UUID in capitals is another text.
  const keys = [...ids, ids[0]?.toUpperCase() ?? ''];
  const events = Array.from({ length: 600 }, (_, index) =>
    toEvent({ ...busy(index), keys: [keys[index % keys.length] ?? ''] }, index),
  );
  await foldPacked(view, paged(events, [40]), 10);
  const [packs] = await sql<{ ids: number; keys: number }>(
    testDatabase.database,
    `select count(ids)::integer as ids, count(keys)::integer as keys
     from view_entry_packs where view_id = $1`,
    [view.id],
  );
  expect(packs?.ids).toBeGreaterThan(10);
  expect(packs?.keys).toBeGreaterThan(0);
  for (const at of [70, 300, 600]) {
    for (const list of ['SUM', 'FACTOR']) {
      await expectPages(view, events, { first: { list, limit: 50, descending: true }, at });
    }
  }
}, 60_000);

test('only the latest version of a document stays a row, and what is too little to pack', async () => {
  const view = await createView();
  const events = Array.from({ length: 400 }, (_, index) => toEvent(busy(index), index));
  await advance(testDatabase.database, [view], events);
  await packUpTo(testDatabase.database, view, 400);
  expect(await packedIn(testDatabase.database, view)).toMatchObject({ documents: 360, rows: 40 });
  await packUpTo(testDatabase.database, view, 400);
  expect(await packedIn(testDatabase.database, view)).toMatchObject({ documents: 360, rows: 40 });
});

test('nothing that was replaced after the horizon is packed', async () => {
  const view = await createView();
  const events = Array.from({ length: 400 }, (_, index) => toEvent(busy(index), index));
  await advance(testDatabase.database, [view], events);
  await packUpTo(testDatabase.database, view, 100);
  const { documents } = await packedIn(testDatabase.database, view);
  expect(documents).toBeGreaterThan(0);
  expect(documents).toBeLessThanOrEqual(60);
  const [last] = await sql<{ last: number }>(
    testDatabase.database,
    `select max(version) as last from view_document_packs
     cross join lateral unnest(sequences) as version where view_id = $1`,
    [view.id],
  );
  expect(last?.last).toBeLessThanOrEqual(60);
});

test('two packers of one view do not disturb each other', async () => {
  const { database } = testDatabase;
  const [plain, view] = [await createView(16), await createView(16)];
  const events = Array.from({ length: 2_000 }, (_, index) => toEvent(busy(index), index));
  for (const each of [plain, view]) await advance(database, [each], events);
  await Promise.all(
    [1_000, 1_500, 2_000, 2_000].map((horizon) => packUpTo(database, view, horizon)),
  );
  const all = { keys: keysOf(40), upTo: 2_000 };
  expect(await allTexts(database, view, all)).toEqual(await allTexts(database, plain, all));
});

test('dropping a view removes its packs', async () => {
  const { database } = testDatabase;
  const view = await createView(16);
  const events = Array.from({ length: 400 }, (_, index) => toEvent(busy(index), index));
  const before = await Promise.all(
    ['view_document_packs', 'view_entry_packs'].map((table) => countOf(database, table)),
  );
  await advance(database, [view], events);
  await packUpTo(database, view, 400);
  while (!(await dropView(database, view.id, 100)));
  const after = await Promise.all(
    ['view_document_packs', 'view_entry_packs'].map((table) => countOf(database, table)),
  );
  expect(after).toEqual(before);
});
