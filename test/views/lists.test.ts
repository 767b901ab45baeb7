import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { advance, type MovingView } from '../../src/views/advance.ts';
import { type ListPage, readList } from '../../src/views/read.ts';
import { createWalletsView, paged, programsOf, toEvent, withBlocksOf } from '../support/folding.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import {
  type FoldedWallet,
  foldWallets,
  listWallets,
  type Note,
  walletKeys,
  walletOwners,
} from '../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

const createView = () => createWalletsView(testDatabase.database);

/** Pages from the first to the last, each beginning where the one before ended. */
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

const questions = fc.record({
  ...{ list: fc.constantFrom('SUM', 'OWNER'), descending: fc.boolean() },
  limit: fc.integer({ min: 1, max: 4 }),
  owner: fc.option(fc.constantFrom(...walletOwners, 'stranger'), { nil: undefined }),
  sign: fc.option(fc.constantFrom('+', '-'), { nil: undefined }),
});

test.each([8, 256])('every list at every sequence is a sorted fold, %i to a block', async (max) => {
  const property = fc.asyncProperty(
    programsOf(50),
    questions,
    async ({ events, pageSizes }, { owner, sign, list, limit, descending }) => {
      const view = await createView();
      const executor = withBlocksOf(max, testDatabase.database);
      for (const page of paged(events, pageSizes)) await advance(executor, [view], page);
      const filter = { ...(owner === undefined ? {} : { owner }), ...(sign && { sign }) };
      const first: ListPage = {
        ...{ list, limit, descending, after: null, before: null },
        filter: list === 'SUM' ? filter : {},
      };
      for (let at = 0; at <= events.length; at += 1) {
        await expectPages(view, foldWallets(events, at), first, at);
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

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
    const view = await createView();
    const executor = withBlocksOf(16, testDatabase.database);
    const goodbye: Note[] = Array.from({ length: 150 }, (_, key) => ({
      ...{ keys: [String(key)], amount: 0, isGone: key % 30 !== 0 },
    }));
    const events = [...notes, ...goodbye, ...notes.slice(0, 100)].map(toEvent);
    for (const page of paged(events, pageSizes)) await advance(executor, [view], page);
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
  await fc.assert(property, { numRuns: 10 });
});

test('a page passes few entries that are not in it, however many there have been', async () => {
  const view = await createView();
  const { database } = testDatabase;
  for (let done = 0; done < 20_000; done += 500) {
    const events = Array.from({ length: 500 }, (_, index) =>
      toEvent({ keys: [String(index % 50)], amount: 1 + (index % 7) }, done + index),
    );
    await advance(database, [view], events);
  }
  const blocks = await sql<{ entries: number; total: number }>(
    database,
    `select count(*)::integer as entries, sum(count(*)) over ()::integer as total
     from view_entries where view_id = $1 and list = 'SUM' and partition = '' group by block
     order by 1 desc`,
    [view.id],
  );
  expect(blocks[0]?.total).toBeGreaterThan(20_000);
  // Full, and what a page of events adds before it is replaced.
  expect(blocks[0]?.entries).toBeLessThanOrEqual(256 + 2 * 500);
  const [directory] = await sql<{ rows: number }>(
    database,
    `select max(count(*)) over ()::integer as rows from view_blocks
     where view_id = $1 and list = 'SUM' and partition = '' group by epoch limit 1`,
    [view.id],
  );
  expect(directory?.rows).toBeLessThanOrEqual(2 * 64 + 2);
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
