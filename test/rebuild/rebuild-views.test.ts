import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDatabase } from '../../src/postgres/database.ts';
import { readRowsOf } from '../../src/rebuild/copies.ts';
import { dropRowsOf } from '../../src/rebuild/drop-rows.ts';
import { rebuildViews, refoldViews, undoRebuild } from '../../src/rebuild/rebuild-views.ts';
import { describe as toText } from '../../src/rebuild/result.ts';
import type { RebuildRequest } from '../../src/rebuild/under-lease.ts';
import { readViews } from '../../src/views/store.ts';
import { unpackDocuments } from '../support/packing.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  appendNotes,
  idsOf,
  type RebuildingProcess,
  requestFor,
  startRebuilding,
  storedOf,
} from '../support/rebuilding.ts';
import { sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { startViewing, type ViewingProcess } from '../support/viewing.ts';
import { walletsView } from '../support/wallets.ts';

vi.setConfig({ testTimeout: 120_000 });

let testDatabase: TestDatabase;
let rebuilding: RebuildingProcess;
const undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  undo.push(testDatabase.dispose);
  rebuilding = startRebuilding(testDatabase.url);
  undo.push(rebuilding.stop);
});

afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** A process that advances the views and reads them. */
async function startServer(): Promise<ViewingProcess> {
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

async function rebuild(given: Partial<RebuildRequest> = {}) {
  const [result] = await rebuildViews(rebuilding.parts, requestFor([walletsView], given));
  if (result === undefined) throw new Error('no result');
  return result;
}

const ids = () => idsOf(testDatabase.database, walletsView);

/** Changes a document of the live view as nobody should. */
async function plant(sequence: number): Promise<void> {
  await unpackDocuments(testDatabase.database);
  await sql(
    testDatabase.database,
    `update view_documents set document = '{"key":"a","owner":"thief","sum":1000}'
     where sequence = $1 and view_id = (select id from views where name = 'wallets')`,
    [sequence],
  );
}

test('a view is built again, byte for byte, and swapped in; what it replaced is kept', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 12_345);
  expect(await server.views.waitFor(head, 30_000)).toBe(true);
  const before = await ids();
  const steps = new Set<string>();
  const result = await rebuild({ onProgress: ({ step }) => steps.add(step) });
  expect(result).toMatchObject({
    difference: null,
    failure: null,
    swapped: { sequence: head, isProved: true },
  });
  expect([...steps]).toEqual(['building', 'comparing', 'swapping']);
  const after = await ids();
  expect(after).toEqual({ live: expect.any(Number), copy: null, kept: before.live });
  const stored = await storedOf(testDatabase.database, after.live ?? 0, head);
  expect(stored).toEqual(await storedOf(testDatabase.database, before.live ?? 0, head));
  expect(stored.marks).toHaveLength(1);

  // The server notices, and goes on.
  const later = await appendNotes(testDatabase.database, 500);
  expect(await server.views.waitFor(later, 10_000)).toBe(true);
  await until(() => server.views.rows()[0]?.id === after.live);
  // Nobody has advanced the rows that were put aside.
  const kept = (await readViews(testDatabase.database)).find(({ id }) => id === after.kept);
  expect(kept).toMatchObject({ status: 'parked', checkpoint: head });
});

test('a document that differs is found, and its view is not swapped in unless accepted', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 12_000);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  await server.stop();
  await plant(11_111);
  const before = await ids();
  const result = await rebuild();
  expect(result).toMatchObject({
    swapped: null,
    difference: { from: 10_001, to: head, document: { sequence: 11_111 } },
  });
  expect(toText(result)).toBe(
    'the copy differs from the live view between sequences 10001 and 12000, ' +
      'first in the document z z at sequence 11111',
  );
  const { live, copy } = await readRowsOf(testDatabase.database, walletsView);
  expect(live?.id).toBe(before.live);
  expect(copy).toMatchObject({ status: 'parked', error: { message: toText(result) } });

  const accepted = await rebuild({ acceptsDifferences: true });
  expect(accepted).toMatchObject({ swapped: { sequence: head }, difference: { from: 10_001 } });
  expect((await ids()).live).toBe(copy?.id);
});

test('a checksum that is not that of the rows keeps a view from being swapped in', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 100);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  await server.stop();
  await sql(
    testDatabase.database,
    `update views set checksum = sha256('x') where name = 'wallets'`,
  );
  const result = await rebuild();
  expect(result).toMatchObject({ swapped: null, difference: null });
  expect(toText(result)).toBe('the checksum of the live view is not that of its rows');
});

test('a view whose checksum is not that of its checkpoint goes on without one until it is rebuilt', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 9_500);
  expect(await server.views.waitFor(head, 30_000)).toBe(true);
  await server.stop();
  await sql(testDatabase.database, 'update views set checksum_sequence = checkpoint - 100');
  const next = await startServer();
  const later = await appendNotes(testDatabase.database, 1_000);
  expect(await next.views.waitFor(later, 30_000)).toBe(true);
  const before = await storedOf(testDatabase.database, (await ids()).live ?? 0, later);
  expect(before.marks).toEqual([]);
  expect(await rebuild()).toMatchObject({ failure: null, swapped: { isProved: false } });
  const after = await storedOf(testDatabase.database, (await ids()).live ?? 0, later);
  expect(after.marks).toHaveLength(1);
  await until(() => next.views.rows()[0]?.status === 'live');
  expect(await next.views.waitFor(await appendNotes(testDatabase.database, 10), 10_000)).toBe(true);
  expect(await rebuild()).toMatchObject({ failure: null, swapped: { isProved: true } });
});

test('of two rebuilds at once, the second is refused, and the first is not disturbed', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 5_000);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  const other = startRebuilding(testDatabase.url);
  undo.push(other.stop);
  const refused: unknown[] = [];
  let second: Promise<void> | undefined;
  const result = await rebuild({
    onBegun() {
      second = rebuildViews(other.parts, requestFor([walletsView])).then(
        () => {},
        (error: unknown) => void refused.push(error),
      );
    },
  });
  await second;
  expect(result.swapped).not.toBeNull();
  expect(refused).toMatchObject([{ code: 'VIEW_BEING_REBUILT', view: 'wallets' }]);
});

test('a rebuild that was stopped or has failed goes on from its last page', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 6_000);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  const stopping = new AbortController();
  const stopped = rebuild({
    signal: stopping.signal,
    onProgress: ({ sequence }) => sequence >= 2_000 && stopping.abort(),
  });
  await expect(stopped).rejects.toMatchObject({
    code: 'REBUILD_STOPPED',
    message: expect.stringContaining('run it again to continue'),
  });
  const copy = (await ids()).copy ?? 0;
  const checkpoint = async () => {
    const row = (await readViews(testDatabase.database)).find(({ id }) => id === copy);
    return row?.checkpoint;
  };
  expect(await checkpoint()).toBe(2_000);

  // As on a full disk, for the copy only.
  await sql(
    testDatabase.database,
    `create function fill() returns trigger language plpgsql as $$ begin
      raise exception 'could not extend file' using errcode = 'disk_full'; end $$`,
  );
  await sql(
    testDatabase.database,
    `create trigger full_disk before insert on view_documents for each row
     when (new.view_id = ${copy} and new.sequence > 4000) execute function fill()`,
  );
  const sequences: number[] = [];
  const onProgress: RebuildRequest['onProgress'] = ({ sequence }) => sequences.push(sequence);
  await expect(rebuild({ onProgress })).rejects.toMatchObject({ code: '53100' });
  expect(sequences[0]).toBe(2_000);
  expect(await checkpoint()).toBe(4_000);
  expect(await server.views.waitFor(await appendNotes(testDatabase.database, 10), 9_000)).toBe(
    true,
  );

  await sql(testDatabase.database, 'drop trigger full_disk on view_documents');
  const result = await rebuild();
  expect(result).toMatchObject({ difference: null, swapped: { isProved: true } });
  expect((await ids()).live).toBe(copy);
});

test('what a rebuild has replaced catches up, is swapped back, and can be dropped', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 3_000);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  const first = (await ids()).live;
  const nothing = undoRebuild(rebuilding.parts, requestFor([walletsView]));
  await expect(nothing).rejects.toMatchObject({ code: 'NOTHING_KEPT' });
  await rebuild();
  const second = (await ids()).live;
  const later = await appendNotes(testDatabase.database, 3_000);
  expect(await server.views.waitFor(later, 20_000)).toBe(true);
  const [back] = await undoRebuild(rebuilding.parts, requestFor([walletsView]));
  expect(back?.swapped).toMatchObject({ sequence: later });
  expect(await ids()).toEqual({ live: first, copy: null, kept: second });
  const stored = await storedOf(testDatabase.database, first ?? 0, later);
  expect(stored).toEqual(await storedOf(testDatabase.database, second ?? 0, later));
  expect(await server.views.waitFor(await appendNotes(testDatabase.database, 5), 9_000)).toBe(true);

  await testDatabase.database.withConnection(async (executor) => {
    const take = async (wanted: readonly number[]) => new Set(wanted);
    expect(await dropRowsOf(executor, walletsView, { take })).toBe(true);
    expect(await dropRowsOf(executor, walletsView, { take })).toBe(false);
  });
  expect(await ids()).toEqual({ live: first, copy: null, kept: null });
  expect((await storedOf(testDatabase.database, second ?? 0, later)).documents).toEqual([]);
});

test('what is kept is dropped by a server after its time, also if no rebuild follows', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 100);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  await rebuild();
  const { kept } = await ids();
  await until(() => server.views.rows()[0]?.id !== kept);
  expect((await readViews(testDatabase.database)).map(({ id }) => id)).toContain(kept);
  await sql(
    testDatabase.database,
    `update views set kept_until = clock_timestamp() - interval '1 second' where id = ${kept}`,
  );
  await until(async () => {
    const rows = await readViews(testDatabase.database);
    return rows.every(({ id }) => id !== kept);
  }, 15_000);
});

test('the next rebuild replaces what is kept', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 100);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  const first = (await ids()).live;
  await rebuild();
  const second = (await ids()).live;
  await rebuild();
  const { live, kept } = await ids();
  expect(kept).toBe(second);
  await until(async () => {
    const rows = await readViews(testDatabase.database);
    return rows.every(({ id }) => id !== first);
  }, 15_000);
  expect(live).not.toBe(second);
});

test('a view that is parked is rebuilt as far as the log is, and becomes live again', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 2_000);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  await server.stop();
  await sql(testDatabase.database, `update views set status = 'parked' where name = 'wallets'`);
  const later = await appendNotes(testDatabase.database, 3_000);
  expect(await rebuild()).toMatchObject({ difference: null, swapped: { sequence: head } });
  const next = await startServer();
  expect(await next.views.waitFor(later, 20_000)).toBe(true);
  expect((await readRowsOf(testDatabase.database, walletsView)).live?.status).toBe('live');
});

test('a view that no server has built yet is refused', async () => {
  await expect(rebuild()).rejects.toMatchObject({ code: 'VIEW_NOT_BUILT' });
  expect(await readViews(testDatabase.database)).toEqual([]);
});

test('a refold compares and leaves everything as it was', async () => {
  const server = await startServer();
  const head = await appendNotes(testDatabase.database, 2_000);
  expect(await server.views.waitFor(head, 20_000)).toBe(true);
  const before = await ids();
  const request = requestFor([walletsView]);
  expect(await refoldViews(rebuilding.parts, request)).toMatchObject([{ difference: null }]);
  await plant(1_500);
  expect(await refoldViews(rebuilding.parts, request)).toMatchObject([
    { difference: { from: 1, to: head, document: { sequence: 1_500 } }, swapped: null },
  ]);
  expect(await ids()).toEqual(before);
});
