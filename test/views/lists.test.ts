import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { advance, type MovingView } from '../../src/views/building/advance.ts';
import { type ListPage, readList } from '../../src/views/read.ts';
import { createWalletsView, paged, programsOf, toEvent } from '../support/folding.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import {
  type FoldedWallet,
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

/** All pages, each beginning where the previous one ended. */
async function expectPages(
  view: MovingView,
  wallets: readonly FoldedWallet[],
  first: ListPage,
  at: number,
): Promise<void> {
  let page = first;
  for (;;) {
    const found = await readList(testDatabase.database, view.id, page, at);
    expect(found).toEqual(listWallets(wallets, page));
    const last = found.at(-1);
    if (last === undefined) return;
    page = { ...page, [page.descending ? 'before' : 'after']: last };
  }
}

/** Folds more events, `pageSize` at a time. */
async function fold(
  view: MovingView,
  count: number,
  pageSize: number,
  toNote: (index: number) => Note,
): Promise<void> {
  const start = view.checkpoint;
  const events = Array.from({ length: count }, (_, index) => toEvent(toNote(index), start + index));
  for (const page of paged(events, [pageSize])) {
    await advance(testDatabase.database, [view], page);
  }
}

/** The stored blocks and entries of the list by sum of all documents. */
async function shapeOf(view: MovingView) {
  const ofList = `(
    select id from view_partitions where view_id = $1 and list = 'SUM' and partition = ''
  )`;
  const blocks = await sql<{ entries: number }>(
    testDatabase.database,
    `select count(*)::integer as entries from view_entries
     where block = ${ofList} or block in (
       select block from view_blocks where partition_id = ${ofList}
     ) group by block`,
    [view.id],
  );
  const orphans = await sql(
    testDatabase.database,
    `select distinct block from view_entries where block not in (
       select id from view_partitions union select block from view_blocks
     )`,
  );
  const directories = await sql<{ open: number; closed: number }>(
    testDatabase.database,
    `select count(*) filter (where to_sequence = never_ends())::integer as open,
       count(*) filter (where to_sequence < never_ends())::integer as closed
     from view_blocks where partition_id = ${ofList} group by epoch order by epoch`,
    [view.id],
  );
  return {
    blocks,
    directories,
    entries: blocks.reduce((sum, block) => sum + block.entries, 0),
    current: directories.at(-1)?.open ?? 0,
    orphans: orphans.length,
  };
}

const questions = fc.record({
  list: fc.constantFrom('SUM', 'OWNER', 'FACTOR'),
  descending: fc.boolean(),
  limit: fc.integer({ min: 1, max: 4 }),
  owner: fc.option(fc.constantFrom(...walletOwners, 'stranger'), { nil: undefined }),
  factor: fc.option(fc.constantFrom(...walletFactors), { nil: undefined }),
  sign: fc.option(fc.constantFrom('+', '-'), { nil: undefined }),
});

test.each([8, 256])(
  'every list at every sequence is a sorted fold, with %i entries in a block',
  async (max) => {
    const property = fc.asyncProperty(
      programsOf(50),
      questions,
      async ({ events, pageSizes }, { owner, sign, factor, list, limit, descending }) => {
        const view = await createView(max);
        for (const page of paged(events, pageSizes)) {
          await advance(testDatabase.database, [view], page);
          if (page.length === 3) view.blocks.clear();
        }
        const filters: Readonly<Record<string, ListPage['filter']>> = {
          SUM: { ...(owner === undefined ? {} : { owner }), ...(sign && { sign }) },
          FACTOR: { ...(factor === undefined ? {} : { factor }), ...(sign && { sign }) },
        };
        const first: ListPage = {
          list,
          limit,
          descending,
          after: null,
          before: null,
          filter: filters[list] ?? {},
        };
        for (let at = 0; at <= events.length; at += 1) {
          await expectPages(view, foldWallets(events, at), first, at);
        }
      },
    );
    await fc.assert(property, { numRuns: 40 });
  },
);

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
    { minLength: 300, maxLength: 600 },
  ),
  pageSizes: fc.array(fc.constantFrom(1, 5, 40, 200), { minLength: 1, maxLength: 5 }),
  cursors: fc.array(fc.nat(), { minLength: 2, maxLength: 2 }),
});

test('lists of many documents are sorted folds, however often their blocks were replaced', async () => {
  const property = fc.asyncProperty(crowd, async ({ notes, pageSizes, cursors }) => {
    const view = await createView(16);
    const goodbye: Note[] = Array.from({ length: 150 }, (_, key) => ({
      keys: [String(key)],
      amount: 0,
      isGone: key % 30 !== 0,
    }));
    const events = [...notes, ...goodbye, ...notes.slice(0, 100)].map(toEvent);
    for (const page of paged(events, pageSizes)) {
      await advance(testDatabase.database, [view], page);
      // As if another process continued.
      if (page.length === 40) view.blocks.clear();
    }
    const moments = cursors.map((each) => each % events.length);
    for (const at of [...moments, notes.length, notes.length + 150, events.length]) {
      const wallets = foldWallets(events, at);
      const base = { list: 'SUM', limit: 7, after: null, before: null };
      for (const filter of [{}, { owner: 'ann' }, { owner: 'Bob', sign: '-' }]) {
        for (const descending of [false, true]) {
          await expectPages(view, wallets, { ...base, filter, descending }, at);
        }
      }
    }
  });
  await fc.assert(property, { numRuns: 5 });
});

test('a page scans few entries that are not in it, no matter how many there have been', async () => {
  const view = await createView();
  await fold(view, 20_000, 500, (index) => ({
    keys: [String(index % 50)],
    amount: 1 + (index % 7),
  }));
  const { blocks, entries } = await shapeOf(view);
  expect(entries).toBeGreaterThan(20_000);
  // A full block, and the entries that a page of events adds before it is replaced.
  expect(Math.max(...blocks.map((block) => block.entries))).toBeLessThanOrEqual(256 + 2 * 500);
});

test('the directory grows only with the number of blocks', async () => {
  const view = await createView(16);
  await fold(view, 2_000, 10, (index) => ({
    keys: [String(index % 50)],
    amount: 1 + (index % 7),
  }));
  const { directories } = await shapeOf(view);
  expect(directories.length).toBeGreaterThan(10);
  for (const { open, closed } of directories) {
    // As many ended entries as live ones, and those that one page of events ends.
    expect(closed).toBeLessThanOrEqual(2 * Math.max(open, 4) + 10);
  }
});

test('blocks that lose their documents are merged', async () => {
  const view = await createView(16);
  const sizes = { joined: 200, stay: 3 };
  await fold(view, sizes.joined, 50, (index) => ({ keys: [String(index)], amount: index }));
  expect((await shapeOf(view)).current).toBeGreaterThan(10);
  await fold(view, sizes.joined - sizes.stay, 50, (index) => ({
    keys: [String(index)],
    amount: 0,
    isGone: true,
  }));
  expect((await shapeOf(view)).current).toBeLessThanOrEqual(2);
});

test('a block that is created and replaced by the same page leaves nothing', async () => {
  const view = await createView(16);
  const backwards = (index: number) => ({ keys: [String(123 - index)], amount: 123 - index });
  await fold(view, 24, 24, backwards);
  expect((await shapeOf(view)).current).toBe(3);
  // Overfills the second block of eight, and empties the third.
  await fold(view, 18, 18, (index) =>
    index < 10
      ? { keys: [String(200 + index)], amount: 110 }
      : { keys: [String(106 + index)], amount: 0, isGone: true },
  );
  const { orphans, current } = await shapeOf(view);
  expect(current).toBeGreaterThan(1);
  expect(orphans).toBe(0);
});

test('a block merged with both neighbors in turn is still read at earlier sequences', async () => {
  const view = await createView(24);
  const joining = (index: number): Note => ({ keys: [String(100 + index)], amount: 100 + index });
  // All but two of the first block, then of the third.
  const leaving = (index: number): Note => ({
    keys: [String(index < 22 ? 100 + index : 126 + index)],
    amount: 0,
    isGone: true,
  });
  await fold(view, 72, 72, joining);
  expect((await shapeOf(view)).current).toBe(3);
  await fold(view, 44, 44, leaving);
  const { orphans, current, blocks } = await shapeOf(view);
  expect(current).toBe(3);
  expect(blocks.length).toBe(6);
  expect(orphans).toBe(0);
  const notes = [...Array.from({ length: 72 }, (_, index) => joining(index))];
  notes.push(...Array.from({ length: 44 }, (_, index) => leaving(index)));
  const events = notes.map(toEvent);
  const first = { list: 'SUM', filter: {}, limit: 9, after: null, before: null };
  for (const at of [72, 80, 115, 116]) {
    await expectPages(view, foldWallets(events, at), { ...first, descending: false }, at);
    await expectPages(view, foldWallets(events, at), { ...first, descending: true }, at);
  }
});

test('a block full of live entries stays when the next entry comes at its end', async () => {
  const view = await createView(16);
  await fold(view, 160, 40, (index) => ({ keys: [String(index)], amount: 100 + index }));
  const { blocks, current, entries } = await shapeOf(view);
  expect(current).toBe(10);
  expect(entries).toBe(160);
  expect(Math.max(...blocks.map((block) => block.entries))).toBe(16);
});

test('a page between two cursors is cut on both sides', async () => {
  const view = await createView();
  const events = walletKeys.map((key, index) => toEvent({ keys: [key], amount: index % 3 }, index));
  await advance(testDatabase.database, [view], events);
  const wallets = foldWallets(events, events.length);
  const base = { list: 'SUM', filter: {}, limit: 100 };
  const all = listWallets(wallets, { ...base, descending: false, after: null, before: null });
  for (const after of all) {
    for (const before of all) {
      for (const descending of [false, true]) {
        const page = { ...base, descending, after, before };
        expect(await readList(testDatabase.database, view.id, page, events.length)).toEqual(
          listWallets(wallets, page),
        );
      }
    }
  }
});
