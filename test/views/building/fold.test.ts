import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Executor } from '../../../src/postgres/database.ts';
import { advance, type MovingView } from '../../../src/views/building/advance.ts';
import type { AnyView } from '../../../src/views/lists/placement.ts';
import { readDocument } from '../../../src/views/read.ts';
import { createWalletsView, paged, programsOf, toEvent } from '../../support/folding.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { sql } from '../../support/rows.ts';
import { foldWallets, walletKeys } from '../../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

const programs = programsOf(25);
const createView = () => createWalletsView(testDatabase.database);

/** All stored rows of a view. */
async function rowsOf({ id }: MovingView) {
  const { database } = testDatabase;
  return [
    await sql(
      database,
      `select checkpoint, status, encode(checksum, 'hex') as checksum, checksum_sequence
       from views where id = $1`,
      [id],
    ),
    await sql(
      database,
      `select key, sequence, document from view_documents where view_id = $1 order by 1, 2`,
      [id],
    ),
    await sql(
      database,
      `select list, partition, position, key, from_sequence, to_sequence::text
       from view_entries join view_partitions on id = block where view_id = $1 order by 1, 2, 3, 4, 5`,
      [id],
    ),
  ];
}

test('a view advanced page by page equals one built at once, with a cache or without', async () => {
  const property = fc.asyncProperty(programs, async ({ events, pageSizes }) => {
    const { database } = testDatabase;
    const [remembering, forgetting, atOnce] = await Promise.all([0, 1, 2].map(createView));
    if (!remembering || !forgetting || !atOnce) throw new Error('no views');
    for await (const page of paged(events, pageSizes)) {
      await advance(database, [remembering], page);
      forgetting.placements.clear();
      forgetting.blocks.clear();
      await advance(database, [forgetting], page);
    }
    await advance(database, [atOnce], events);
    const expected = await rowsOf(atOnce);
    expect(await rowsOf(remembering)).toEqual(expected);
    expect(await rowsOf(forgetting)).toEqual(expected);
    expect(expected[0]).toEqual([
      {
        checkpoint: events.length,
        status: 'building',
        checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
        checksum_sequence: events.length,
      },
    ]);
  });
  await fc.assert(property, { numRuns: 60 });
});

test('a document that begins according to its view is not read, and any other is', async () => {
  const { database } = testDatabase;
  const view = await createView();
  const begins: AnyView['begins'] = ({ sequence }) => sequence <= 2;
  const own: MovingView = { ...view, view: { ...view.view, begins } };
  const events = ['a', 'B', 'a', 'é'].map((key, index) =>
    toEvent({ keys: [key], amount: 1 }, index),
  );
  const looked: unknown[] = [];
  const watched: Executor = {
    query(query, values) {
      if (query.name === 'current_documents') looked.push(values);
      return database.query(query, values);
    },
  };
  await advance(watched, [own], events.slice(0, 2));
  expect(looked).toEqual([]);
  own.placements.clear();
  await advance(watched, [own], events.slice(2));
  expect(looked).toEqual([[`{${view.id},${view.id}}`, '{"a","é"}']]);
  expect(await readDocument(database, view.id, 'a', 4)).toMatchObject({ document: { sum: 2 } });
});

test('every document at every sequence is that of a plain fold', async () => {
  const property = fc.asyncProperty(programs, async ({ events, pageSizes }) => {
    const { database } = testDatabase;
    const view = await createView();
    for await (const page of paged(events, pageSizes)) await advance(database, [view], page);
    for (let at = 0; at <= events.length; at += 1) {
      const wallets = new Map(foldWallets(events, at).map((wallet) => [wallet.key, wallet]));
      const found = await Promise.all(
        walletKeys.map((key) => readDocument(database, view.id, key, at)),
      );
      expect(found).toEqual(walletKeys.map((key) => wallets.get(key) ?? null));
    }
  });
  await fc.assert(property, { numRuns: 30 });
});
