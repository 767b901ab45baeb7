import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredEvent } from '../../../src/kernel/event.ts';
import { advance } from '../../../src/views/building/advance.ts';
import {
  createProposedReader,
  type StoredView,
} from '../../../src/views/proposed/read-proposed.ts';
import type { ListPage } from '../../../src/views/read.ts';
import type { WouldBe } from '../../../src/views/read-point.ts';
import { createWalletsView, programsOf, toEvent } from '../../support/folding.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import {
  type FoldedWallet,
  foldWallets,
  listWallets,
  type Note,
  walletKeys,
  walletOwners,
} from '../../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

/**
 * A view that has folded the events up to a sequence, and the others as a dry run proposes them.
 */
async function propose(events: readonly StoredEvent[], sequence: number) {
  const moving = await createWalletsView(testDatabase.database);
  const recorded = events.slice(0, sequence);
  if (recorded.length > 0) await advance(testDatabase.database, [moving], recorded);
  const firsts = new Set<string>();
  const seen = new Set<string>();
  for (const { sequence: place, type, data } of events) {
    const keys = type === 'Noted' ? (data as Note).keys : [];
    for (const key of keys) {
      if (!seen.has(key)) firsts.add(`${place} ${key}`);
      seen.add(key);
    }
  }
  const begins = (event: StoredEvent, key: string): boolean =>
    firsts.has(`${event.sequence} ${key}`);
  const stored: StoredView = { id: moving.id, view: { ...moving.view, begins } };
  const at: WouldBe = { sequence, events: events.slice(sequence) };
  return { stored, at };
}

const questions = fc.record({
  list: fc.constantFrom('SUM', 'OWNER', 'unknown'),
  descending: fc.boolean(),
  limit: fc.integer({ min: 0, max: 4 }),
  owner: fc.option(fc.constantFrom(...walletOwners), { nil: undefined }),
  sign: fc.option(fc.constantFrom('+', '-'), { nil: undefined }),
});

test('every document and every page is that of the events recorded and proposed', async () => {
  const reader = createProposedReader(testDatabase.database);
  const property = fc.asyncProperty(
    programsOf(30),
    fc.nat(30),
    fc.array(questions, { minLength: 3, maxLength: 3 }),
    async ({ events }, count, asked) => {
      const { stored, at } = await propose(events, Math.min(count, events.length));
      const wallets = foldWallets(events, events.length);
      for (const key of walletKeys) {
        const expected = wallets.find((wallet) => wallet.key === key) ?? null;
        expect(await reader.document(stored, key, at)).toEqual(expected);
      }
      for (const { owner, sign, list, limit, descending } of asked) {
        const filter = { ...(owner === undefined ? {} : { owner }), ...(sign && { sign }) };
        await expectPages(
          reader,
          { stored, at, wallets },
          {
            list,
            limit,
            descending,
            after: null,
            before: null,
            filter: list === 'SUM' ? filter : {},
          },
        );
      }
    },
  );
  await fc.assert(property, { numRuns: 80 });
});

interface Proposed {
  readonly stored: StoredView;
  readonly at: WouldBe;
  readonly wallets: readonly FoldedWallet[];
}

/** All pages, each beginning where the previous one ended. */
async function expectPages(
  reader: ReturnType<typeof createProposedReader>,
  { stored, at, wallets }: Proposed,
  first: ListPage,
): Promise<void> {
  let page = first;
  for (;;) {
    const found = await reader.list(stored, page, at);
    expect(found).toEqual(listWallets(wallets, page));
    const last = found.at(-1);
    if (last === undefined) return;
    page = { ...page, [page.descending ? 'before' : 'after']: last };
  }
}

test('a page between two cursors contains only what would be between them', async () => {
  const reader = createProposedReader(testDatabase.database);
  const sums = ['a', 'B', 'ab', 'é'].map((key, index) =>
    toEvent({ keys: [key], amount: 10 * index }, index),
  );
  const events = [...sums, toEvent({ keys: ['a', 'ab'], amount: 15 }, sums.length)];
  const { stored, at } = await propose(events, sums.length);
  const wallets = foldWallets(events, events.length);
  const page = { list: 'SUM', filter: {}, limit: 9, descending: false };
  const all = listWallets(wallets, { ...page, after: null, before: null });
  expect(all.map(({ key }) => key)).toEqual(['B', 'a', 'é', 'ab']);
  const [first = null, , last = null] = all;
  const between = { ...page, after: first, before: last };
  expect(await reader.list(stored, between, at)).toEqual(all.slice(1, 2));
});

test('an event on which the view fails is an error, not a state', async () => {
  const { stored } = await propose([], 0);
  const reader = createProposedReader(testDatabase.database);
  const view = {
    ...stored.view,
    evolve: () => {
      throw new Error('it cannot be folded');
    },
  };
  const at = { sequence: 0, events: [toEvent({ keys: ['a'], amount: 1 }, 0)] };
  await expect(reader.document({ ...stored, view }, 'a', at)).rejects.toThrow('cannot be folded');
});
