import { afterEach, beforeEach, expect, test } from 'vitest';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog } from '../../src/log/log.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { sqlStateOf } from '../../src/postgres/errors.ts';
import { advance, createMovingView } from '../../src/views/building/advance.ts';
import { advanceViews } from '../../src/views/building/write-page.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';
import { dropView, readViews, registerView } from '../../src/views/store.ts';
import { batchOf, noted } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wholeLog, withDatabase } from '../support/processing.ts';
import { countOf, sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { startViewing, type ViewingProcess } from '../support/viewing.ts';
import { foldWallets, walletsView } from '../support/wallets.ts';

let testDatabase: TestDatabase;
const started: ViewingProcess[] = [];
const changed: AnyView = { ...walletsView, version: 2 };

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (const process of started.splice(0)) await process.stop();
  await testDatabase.dispose();
});

async function start(
  views: readonly AnyView[],
  database: Database = testDatabase.database,
): Promise<ViewingProcess> {
  const process = await startViewing(database, views);
  started.push(process);
  return process;
}

async function append(count: number, keys: readonly string[] = ['a', 'B']): Promise<number> {
  const log = createLog(testDatabase.database, new Map());
  const streamId = `notes-${newUuid()}`;
  const events = Array.from({ length: count }, (_, index) =>
    noted(streamId, index + 1, { keys: [keys[index % keys.length] ?? ''], amount: 1 }),
  );
  const { firstSequence } = await log.append(batchOf(events));
  return firstSequence + count - 1;
}

async function expectFold({ views, log }: ViewingProcess, at: number): Promise<void> {
  const folded = foldWallets(await log.events({}, wholeLog), at);
  for (const wallet of folded) {
    expect(await views.document(walletsView, wallet.key, at)).toEqual(wallet);
  }
}

/** The number of views that have a lease. */
async function countHeld(): Promise<number> {
  const [row] = await sql<{ count: number }>(
    testDatabase.database,
    'select count(*) from leases where expires_at > clock_timestamp()',
  );
  return row?.count ?? 0;
}

test('events appended while nothing ran are caught up, page after page', async () => {
  await append(2_500);
  const process = await start([walletsView]);
  expect(await process.views.waitFor(2_500, 20_000)).toBe(true);
  await expectFold(process, 2_500);
  await expectFold(process, 1_234);
});

test('a view is not read beyond its checkpoint, nor before it is built', async () => {
  const process = await start([walletsView]);
  await append(3);
  await process.views.waitFor(3, 10_000);
  await expect(process.views.document(walletsView, 'a', 4)).rejects.toMatchObject({
    code: 'VIEW_BUILDING',
  });
  const unknown = process.views.document({ ...walletsView, name: 'unknown' }, 'a', 1);
  await expect(unknown).rejects.toMatchObject({ code: 'VIEW_BUILDING', view: 'unknown' });
  expect(await process.views.document(walletsView, 'nobody', 3)).toBeNull();
});

test('waitFor ends when the time is up or its signal fires', async () => {
  const process = await start([walletsView]);
  await append(3);
  expect(await process.views.waitFor(4, 50)).toBe(false);
  const over = new AbortController();
  const waiting = process.views.waitFor(4, 60_000, over.signal);
  over.abort();
  expect(await waiting).toBe(false);
  expect(await process.views.waitFor(4, 60_000, over.signal)).toBe(false);
  const later = process.views.waitFor(5, 10_000);
  await append(2);
  expect(await later).toBe(true);
});

test('of two processes one advances the views, and the other takes over when it stops', async () => {
  await withDatabase(testDatabase.url, async (database) => {
    const views = [walletsView, { ...walletsView, name: 'others' }];
    const first = await start(views);
    await until(async () => (await countHeld()) === 2);
    const second = await start(views, database);
    for (const [round, stopped] of [null, first].entries()) {
      await stopped?.stop();
      const sequence = await append(20);
      expect(await second.views.waitFor(sequence, 10_000)).toBe(true);
      await expectFold(second, sequence);
      expect(await countHeld()).toBe(2);
      expect(sequence).toBe(20 * (round + 1));
    }
    expect(await countOf(database, 'view_documents')).toBe(80);
    await second.stop();
  });
});

test('views continue after their connection was lost', async () => {
  const proxy = await createTcpProxy(testDatabase.url);
  await withDatabase(proxy.url, async (database) => {
    const process = await start([walletsView], database);
    for (let round = 1; round <= 3; round += 1) {
      const sequence = await append(10);
      expect(await process.views.waitFor(sequence, 15_000)).toBe(true);
      proxy.cut();
    }
    await until(async () => (await readViews(testDatabase.database))[0]?.checkpoint === 30);
    expect(await countOf(testDatabase.database, 'view_documents')).toBe(30);
    await process.stop();
  });
  await proxy.stop();
});

test('every process can read at the checkpoint, and the checkpoint never falls', async () => {
  await withDatabase(testDatabase.url, async (database) => {
    const processes = [await start([walletsView]), await start([walletsView], database)];
    await append(1);
    let isOver = false;
    const reading = processes.map(async (process) => {
      await process.views.waitFor(1, 10_000);
      let last = 0;
      while (!isOver) {
        const at = process.views.checkpoint();
        expect(at).toBeGreaterThanOrEqual(last);
        last = at;
        const found = await process.views.document(walletsView, 'a', at);
        expect(found?.document).toMatchObject({ sum: at });
        process.views.wake();
      }
    });
    let sequence = 0;
    for (let round = 0; round < 100; round += 1) sequence = await append(1 + (round % 3), ['a']);
    for (const process of processes) await process.views.waitFor(sequence, 10_000);
    isOver = true;
    await Promise.all(reading);
    await processes[1]?.stop();
  });
});

test('a changed view is built beside the old one, and the old one is dropped afterwards', async () => {
  const doubled: AnyView = {
    ...changed,
    evolve: (_wallet, event, key) => ({ key, owner: 'new', sum: event.sequence }),
  };
  await withDatabase(testDatabase.url, async (database) => {
    const old = await start([walletsView]);
    const before = await append(30);
    await old.views.waitFor(before, 10_000);
    const fresh = await start([doubled], database);
    const after = await append(30);
    expect(await fresh.views.waitFor(after, 10_000)).toBe(true);
    expect(await old.views.waitFor(after, 10_000)).toBe(true);
    await expectFold(old, after);
    expect((await fresh.views.document(walletsView, 'a', 1))?.document).toMatchObject({ sum: 1 });
    await old.stop();
    await until(async () => (await countOf(database, 'views')) === 1, 20_000);
    expect(await readViews(database)).toMatchObject([{ version: 2, status: 'live' }]);
    expect(await countOf(database, 'view_documents')).toBe(60);
    expect((await fresh.views.document(walletsView, 'a', 1))?.document).toMatchObject({ sum: 1 });
    await fresh.stop();
  });
});

test('a view that another version has replaced is not read as empty', async () => {
  const { database } = testDatabase;
  await withDatabase(testDatabase.url, async (otherDatabase) => {
    const leading = await start([walletsView]);
    await until(async () => (await countHeld()) === 1);
    const following = await start([walletsView], otherDatabase);
    await append(5);
    await following.views.waitFor(5, 10_000);
    // As if a newer program had dropped it as soon as its leader was gone.
    const [row] = await readViews(database);
    await dropView(database, row?.id ?? 0, 2);
    following.views.wake();
    await until(() => following.views.rows().length === 0);
    await expect(following.views.document(walletsView, 'a', 5)).rejects.toMatchObject({
      code: 'VIEW_BUILDING',
    });
    expect(following.views.checkpoint()).toBe(5);
    await Promise.all([following.stop(), leading.stop()]);
  });
});

test('a replaced view is dropped in pieces', async () => {
  const process = await start([walletsView]);
  await append(5);
  await process.views.waitFor(5, 10_000);
  await process.stop();
  const { database } = testDatabase;
  const [row] = await readViews(database);
  const id = row?.id ?? 0;
  const results: boolean[] = [];
  do results.push(await dropView(database, id, 4));
  while (results.at(-1) === false && results.length < 20);
  expect(results.length).toBeGreaterThan(3);
  for (const table of [
    'views',
    'view_documents',
    'view_partitions',
    'view_blocks',
    'view_entries',
  ]) {
    expect(await countOf(database, table)).toBe(0);
  }
});

test('a view that is built later catches up with the others, while these continue', async () => {
  await append(3_500);
  const first = await start([walletsView]);
  await first.views.waitFor(3_500, 20_000);
  await first.stop();
  const late: AnyView = { ...walletsView, name: 'late' };
  const process = await start([walletsView, late]);
  let sequence = 0;
  for (let round = 0; round < 30; round += 1) sequence = await append(1);
  const caughtUp = () =>
    process.views.rows().every((row) => row.status === 'live' && row.checkpoint === sequence);
  await until(caughtUp, 20_000);
  expect(process.views.rows()).toHaveLength(2);
  expect(await process.views.document(late, 'a', 2_000)).toEqual(
    await process.views.document(walletsView, 'a', 2_000),
  );
});

test('an advance from another checkpoint than the view’s fails and writes nothing', async () => {
  const { database } = testDatabase;
  await append(4);
  await registerView(database, walletsView);
  await registerView(database, { name: 'others', version: 1 });
  const [others, own] = await readViews(database);
  const events = await createLog(database, new Map()).events({}, wholeLog);
  const moving = createMovingView(walletsView, own?.id ?? 0, 0, 'live');
  await advance(database, [moving], events.slice(0, 2));
  const other = createMovingView(walletsView, others?.id ?? 0, 0, 'live');
  const late = createMovingView(walletsView, own?.id ?? 0, 0, 'live');
  const before = await countOf(database, 'view_documents');
  const refused = await advance(database, [other, late], events).catch((error: unknown) => error);
  expect(sqlStateOf(refused)).toBe('DB004');
  expect(await countOf(database, 'view_documents')).toBe(before);
  expect(await readViews(database)).toMatchObject([{ checkpoint: 0 }, { checkpoint: 2 }]);
  expect([other.parked, late.parked]).toEqual([null, null]);
});

test('a parked view and a dropped one are not advanced', async () => {
  const { database } = testDatabase;
  await registerView(database, walletsView);
  const [row] = await readViews(database);
  const changes = { documents: [], opened: [], closed: [], failure: null };
  const assigner = { newPartitions: [], splitBlocks: [] };
  const step = {
    from: 0,
    to: 1,
    changes,
    assigner,
    rebalances: [],
    checksums: null,
    entriesMax: 256,
  };
  const move = (id: number) => advanceViews(database, [{ id, ...step }]);
  await sql(database, `update views set status = 'parked'`);
  for (const id of [row?.id ?? 0, 999]) {
    await expect(move(id)).rejects.toSatisfy((error) => sqlStateOf(error) === 'DB004');
  }
  expect(await readViews(database)).toMatchObject([{ checkpoint: 0 }]);
});

test('stop ends waiting at once and can be called again', async () => {
  const process = await start([walletsView]);
  await append(1);
  await process.views.waitFor(1, 10_000);
  await Promise.all([process.views.stop(), process.views.stop()]);
  expect(await countHeld()).toBe(0);
  const silent = createDatabase({
    url: testDatabase.url,
    applicationName: 'late',
    log: silentLogger,
  });
  const late = await startViewing(silent, [walletsView]);
  await late.stop();
  await silent.stop();
});
