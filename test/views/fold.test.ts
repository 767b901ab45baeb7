import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredEvent } from '../../src/kernel/event.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { advance, createMovingView, type MovingView } from '../../src/views/advance.ts';
import { type ListPage, readDocument, readList } from '../../src/views/read.ts';
import { readViews, registerView } from '../../src/views/store.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import {
  foldWallets,
  listWallets,
  type Note,
  notes,
  walletKeys,
  walletOwners,
  walletsView,
} from '../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

const programs = fc.record({
  events: fc
    .array(fc.oneof({ weight: 6, arbitrary: notes }, { weight: 1, arbitrary: fc.constant(null) }), {
      minLength: 1,
      maxLength: 25,
    })
    .map((given) => given.map(toEvent)),
  pageSizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
});

/** A note, or an event that does not concern the view. */
function toEvent(note: Note | null, index: number): StoredEvent {
  const recordedAt = '2026-01-01T00:00:00.000000Z';
  return {
    id: newUuid(),
    sequence: index + 1,
    streamId: 'notes-1',
    version: index + 1,
    type: note === null ? 'Other' : 'Noted',
    schemaVersion: 1,
    recordedAt,
    occurredAt: recordedAt,
    actor: 'ann',
    commandId: newUuid(),
    correlationId: 'c',
    causationId: null,
    data: { ...note },
  };
}

async function createView(): Promise<MovingView> {
  const { database } = testDatabase;
  const view = { ...walletsView, name: newUuid() };
  await registerView(database, view);
  const row = (await readViews(database)).find(({ name }) => name === view.name);
  return createMovingView(view, row?.id ?? 0, 0, 'building');
}

async function* paged(events: readonly StoredEvent[], sizes: readonly number[]) {
  for (let done = 0, turn = 0; done < events.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield events.slice(done, done + size);
    done += size;
  }
}

/** All that is stored of a view. */
async function rowsOf({ id }: MovingView) {
  const { database } = testDatabase;
  return [
    await sql(database, 'select checkpoint, status from views where id = $1', [id]),
    await sql(
      database,
      `select key, sequence, document from view_documents where view_id = $1 order by 1, 2`,
      [id],
    ),
    await sql(
      database,
      `select list, partition, position, key, from_sequence, to_sequence::text
       from view_entries where view_id = $1 order by 1, 2, 3, 4, 5`,
      [id],
    ),
  ];
}

test('a view moved page by page equals one built at once, remembering or not', async () => {
  const property = fc.asyncProperty(programs, async ({ events, pageSizes }) => {
    const { database } = testDatabase;
    const [remembering, forgetting, atOnce] = await Promise.all([0, 1, 2].map(createView));
    if (!remembering || !forgetting || !atOnce) throw new Error('no views');
    for await (const page of paged(events, pageSizes)) {
      await advance(database, [remembering], page);
      forgetting.standings.clear();
      await advance(database, [forgetting], page);
    }
    await advance(database, [atOnce], events);
    const expected = await rowsOf(atOnce);
    expect(await rowsOf(remembering)).toEqual(expected);
    expect(await rowsOf(forgetting)).toEqual(expected);
    expect(expected[0]).toEqual([{ checkpoint: events.length, status: 'building' }]);
  });
  await fc.assert(property, { numRuns: 60 });
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

const questions = fc.record({
  ...{ list: fc.constantFrom('SUM', 'OWNER'), descending: fc.boolean() },
  limit: fc.integer({ min: 1, max: 4 }),
  owner: fc.option(fc.constantFrom(...walletOwners, 'stranger'), { nil: undefined }),
  sum: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined, freq: 1 }),
});

test('every list at every sequence, page by page, is a sorted plain fold', async () => {
  const property = fc.asyncProperty(
    programs,
    questions,
    async ({ events, pageSizes }, question) => {
      const { database } = testDatabase;
      const { owner, sum, list, limit, descending } = question;
      const view = await createView();
      for await (const page of paged(events, pageSizes)) await advance(database, [view], page);
      const hasPartition = list === 'SUM' && owner !== undefined;
      const first: ListPage = {
        ...{ list, limit, descending, after: null, before: null },
        partition: hasPartition ? `owner=${owner}` : '',
        having: {
          ...(sum === undefined ? {} : { sum }),
          ...(owner === undefined || hasPartition ? {} : { owner }),
        },
      };
      for (let at = 0; at <= events.length; at += 1) {
        const wallets = foldWallets(events, at);
        let page = first;
        for (;;) {
          const found = await readList(database, view.id, page, at);
          expect(found).toEqual(listWallets(wallets, page));
          const last = found.at(-1);
          if (last === undefined) break;
          page = { ...page, [descending ? 'before' : 'after']: last };
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test('a page between two cursors is cut on both sides', async () => {
  const { database } = testDatabase;
  const view = await createView();
  const events = walletKeys.map((key, index) => toEvent({ keys: [key], amount: index % 3 }, index));
  await advance(database, [view], events);
  const wallets = foldWallets(events, events.length);
  const base = { list: 'SUM', partition: '', having: {}, limit: 100 };
  const all = listWallets(wallets, { ...base, descending: false, after: null, before: null });
  for (const after of all) {
    for (const before of all) {
      for (const descending of [false, true]) {
        const page = { ...base, descending, after, before };
        expect(await readList(database, view.id, page, events.length)).toEqual(
          listWallets(wallets, page),
        );
      }
    }
  }
});
