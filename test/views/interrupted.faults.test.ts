import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { advance, type MovingView } from '../../src/views/building/advance.ts';
import {
  addRemoved,
  createChecksumParts,
  type SummedRow,
} from '../../src/views/building/checksum.ts';
import { readDocuments, readList } from '../../src/views/read.ts';
import { readViews } from '../../src/views/store.ts';
import { createWalletsView, paged, toEvent } from '../support/folding.ts';
import { allTexts, packedIn } from '../support/packing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import type { Note } from '../support/wallets.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

const count = 9_000;
const keys = Array.from({ length: 2_500 }, (_, index) => String(index));
const events = Array.from({ length: count }, (_, index) => {
  const note: Note = { keys: [keys[index % 2_500] ?? ''], amount: 1 + (index % 5), owner: 'ann' };
  return toEvent(note, index);
});

async function createFolded(): Promise<MovingView> {
  const view = await createWalletsView(testDatabase.database, 32);
  for (const page of paged(events, [1_000])) await advance(testDatabase.database, [view], page);
  return view;
}

const script = path.resolve(import.meta.dirname, '../support/packing-child.ts');

/** Runs a child that kills itself; returns whether it was killed before its end. */
async function isKilled(mode: 'pack' | 'thin', view: string, upTo: number, killAt: number) {
  const args = ['--import', 'tsx', script, mode, testDatabase.url, view];
  const child = spawn(process.execPath, [...args, String(upTo), String(killAt)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(code === 0 || signal === 'SIGKILL').toBe(true);
  return signal === 'SIGKILL';
}

async function expectAlike(view: MovingView, plain: MovingView, moments: readonly number[]) {
  const { database } = testDatabase;
  for (const at of moments) {
    const readOf = async ({ id }: MovingView) => [
      await readDocuments(database, id, keys, at),
      await readList(database, id, { list: 'SUM', limit: 3_000 }, at),
      await readList(database, id, { list: 'FACTOR', limit: 400, descending: true }, at),
    ];
    expect(await readOf(view)).toEqual(await readOf(plain));
  }
}

/** The checksum of what is stored of a view, and of what was removed. */
async function checksumOf({ id }: MovingView) {
  const parts = createChecksumParts();
  const rows = await sql<SummedRow>(
    testDatabase.database,
    `select key, sequence, document::text as text from view_document_history
     where view_id = $1`,
    [id],
  );
  for (const row of rows) parts.add(row);
  const row = (await readViews(testDatabase.database)).find((each) => each.id === id);
  const none = { historyFrom: 0, removedChecksum: null };
  return { sum: addRemoved(parts.upTo(count), row ?? none).checksum, rows: rows.length };
}

test('packing that is killed again and again loses nothing, and is finished', async () => {
  const [plain, view] = [await createFolded(), await createFolded()];
  let kills = 0;
  for (let step = 1; await isKilled('pack', String(view.id), count, step); step += 1) {
    kills += 1;
    await expectAlike(view, plain, [2_600, 8_000]);
    expect((await checksumOf(view)).sum).toEqual(view.checksum);
  }
  expect(kills).toBeGreaterThan(5);
  const { documents, rows, entries } = await packedIn(testDatabase.database, view);
  expect(documents).toBeGreaterThan(8_000);
  expect(rows + documents).toBe(count);
  expect(entries).toBeGreaterThan(8_000);
  const all = { keys: keys.slice(0, 10), upTo: count };
  const texts = await allTexts(testDatabase.database, view, all);
  expect(texts).toEqual(await allTexts(testDatabase.database, plain, all));
}, 180_000);

test('thinning that is killed again and again loses nothing later, and is finished', async () => {
  const [plain, view] = [await createFolded(), await createFolded()];
  expect(await isKilled('pack', String(view.id), count, 0)).toBe(false);
  const before = 6_000;
  let kills = 0;
  for (let step = 1; await isKilled('thin', view.view.name, before, step); step += 3) {
    kills += 1;
    await expectAlike(view, plain, [before, 8_000]);
    expect((await checksumOf(view)).sum).toEqual(view.checksum);
  }
  expect(kills).toBeGreaterThan(1);
  await expectAlike(view, plain, [before, before + 1, count]);
  const { sum, rows } = await checksumOf(view);
  expect(sum).toEqual(view.checksum);
  // One version of each document before the sequence, and all later ones.
  expect(rows).toBe(keys.length + count - before);
}, 180_000);
