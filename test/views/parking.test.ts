import { afterEach, beforeEach, expect, test } from 'vitest';
import { newUuid } from '../../src/lib/uuid.ts';
import { createDatabase } from '../../src/postgres/database.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';
import { batchOf, noted } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { countOf, sql } from '../support/rows.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { startViewing, type ViewingProcess } from '../support/viewing.ts';
import { type Wallet, walletsView } from '../support/wallets.ts';

let testDatabase: TestDatabase;
const started: ViewingProcess[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (const process of started.splice(0)) await process.stop();
  await testDatabase.dispose();
});

async function start(...views: readonly AnyView[]): Promise<ViewingProcess> {
  const process = await startViewing(testDatabase.database, views);
  started.push(process);
  return process;
}

async function append({ log }: ViewingProcess, count: number): Promise<void> {
  const streamId = `notes-${newUuid()}`;
  const events = Array.from({ length: count }, (_, index) =>
    noted(streamId, index + 1, { keys: ['a'], amount: 1 }),
  );
  await log.append(batchOf(events));
}

/** The view of wallets, but it fails on the event with this sequence. */
function failingAt(sequence: number, trouble: () => Wallet): AnyView {
  return {
    ...walletsView,
    name: 'failing',
    evolve: (wallet, event, key) =>
      event.sequence === sequence
        ? trouble()
        : walletsView.evolve(wallet as Wallet | undefined, event, key),
  };
}

function fail(): never {
  throw new Error('this cannot\n be folded');
}

const nul: Wallet = { key: 'a', owner: 'a\0b', sum: 1 };

function rowOf({ views }: ViewingProcess, name: string) {
  return views.rows().find((row) => row.name === name);
}

test.each([1, 5, 7, 12])(
  'a view that fails on event %i is parked before it and the others continue',
  async (sequence) => {
    const process = await start(failingAt(sequence, fail), walletsView);
    await append(process, 7);
    await append(process, 5);
    expect(await process.views.waitFor(12, 10_000)).toBe(true);
    await until(() => rowOf(process, 'failing')?.status === 'parked');
    expect(rowOf(process, 'failing')).toMatchObject({
      checkpoint: sequence - 1,
      error: { sequence, type: 'Noted', message: 'this cannot be folded' },
    });
    expect(process.views.isReady()).toBe(true);
    expect(process.views.checkpoint()).toBe(12);
    const [row] = await sql(testDatabase.database, `select * from views where name = 'failing'`);
    expect(row).toMatchObject({ status: 'parked', checkpoint: sequence - 1, error: { sequence } });
  },
);

test('a parked view is read up to where it stopped and not beyond', async () => {
  const process = await start(failingAt(4, fail), walletsView);
  await append(process, 6);
  await process.views.waitFor(6, 10_000);
  await until(() => rowOf(process, 'failing')?.status === 'parked');
  const view = failingAt(4, fail);
  expect((await process.views.document(view, 'a', 3))?.document).toMatchObject({ sum: 3 });
  await expect(process.views.document(view, 'a', 4)).rejects.toMatchObject({ code: 'VIEW_PARKED' });
  const list = process.views.list(view, { list: 'SUM', limit: 1 }, 4);
  await expect(list).rejects.toThrow('parked at sequence 3: Query.views has its error');
});

test('a document that the database rejects parks its view right before the event', async () => {
  const process = await start(
    failingAt(5, () => nul),
    walletsView,
  );
  await append(process, 9);
  expect(await process.views.waitFor(9, 10_000)).toBe(true);
  await until(() => rowOf(process, 'failing')?.status === 'parked');
  expect(rowOf(process, 'failing')).toMatchObject({ checkpoint: 4, error: { sequence: 5 } });
  expect(await process.views.document(failingAt(5, fail), 'a', 4)).toMatchObject({ sequence: 4 });
});

test('a key that the database rejects parks its view and the others continue', async () => {
  const keysOf: AnyView['keysOf'] = ({ sequence }) => (sequence === 5 ? ['a\0b'] : ['a']);
  const process = await start({ ...walletsView, name: 'failing', keysOf }, walletsView);
  await append(process, 9);
  expect(await process.views.waitFor(9, 10_000)).toBe(true);
  await until(() => rowOf(process, 'failing')?.status === 'parked');
  expect(rowOf(process, 'failing')).toMatchObject({ checkpoint: 4, error: { sequence: 5 } });
});

test('a parked view is tried again after a restart', async () => {
  const first = await start(failingAt(5, fail), walletsView);
  await append(first, 9);
  await until(() => rowOf(first, 'failing')?.status === 'parked');
  await first.stop();
  const failingStill = await start(failingAt(5, fail), walletsView);
  await until(() => rowOf(failingStill, 'failing')?.error?.sequence === 5);
  await failingStill.stop();
  const repaired = await start({ ...walletsView, name: 'failing' }, walletsView);
  await until(() => rowOf(repaired, 'failing')?.checkpoint === 9);
  await until(() => rowOf(repaired, 'failing')?.status === 'live');
  expect(rowOf(repaired, 'failing')?.error).toBeNull();
  const documents = await Promise.all(
    [failingAt(5, fail), walletsView].map((view) => repaired.views.document(view, 'a', 9)),
  );
  expect(documents[0]).toEqual(documents[1]);
});

test('a statement that runs out of time parks nothing', async () => {
  const { database, url } = testDatabase;
  const impatient = createDatabase({
    url,
    applicationName: 'impatient',
    lockTimeoutMs: 50,
    log: silentLogger,
  });
  const process = await startViewing(impatient, [walletsView]);
  await append(process, 3);
  await process.views.waitFor(3, 10_000);
  let refusedCount = 0;
  await database.withTransaction(async (executor) => {
    await sql(executor, 'lock table view_documents in exclusive mode');
    await append(process, 3);
    await until(async () => {
      const [row] = await sql<{ waiting: boolean }>(
        database,
        `select exists (select from pg_locks where not granted) as waiting`,
      );
      if (row?.waiting === true) refusedCount += 1;
      return refusedCount > 0 && row?.waiting === false;
    });
  });
  expect(await process.views.waitFor(6, 10_000)).toBe(true);
  expect(process.views.rows()).toMatchObject([{ status: 'live', checkpoint: 6 }]);
  await process.stop();
  await impatient.stop();
});

test('texts too long for an index are listed by their beginning', async () => {
  const process = await start(walletsView);
  const random = Array.from({ length: 300 }, newUuid).join('');
  const owners = [`b${random}1`, `a${random}`, `b${random}2`, 'c'];
  const events = owners.map((owner, index) =>
    noted('notes-1', index + 1, { keys: [String(index)], amount: 1, owner }),
  );
  await process.log.append(batchOf(events));
  expect(await process.views.waitFor(4, 10_000)).toBe(true);
  const all = await process.views.list(walletsView, { list: 'OWNER', limit: 10 }, 4);
  expect(all.map(({ key }) => key)).toEqual(['1', '0', '2', '3']);
  const filter = { owner: owners[2] ?? '', sign: '+' };
  const own = await process.views.list(walletsView, { list: 'SUM', filter, limit: 10 }, 4);
  expect(own.map(({ key }) => key)).toEqual(['2']);
  await process.log.append(batchOf([noted('notes-1', 5, { keys: ['2'], amount: 0, owner: 'd' })]));
  expect(await process.views.waitFor(5, 10_000)).toBe(true);
  expect(await process.views.list(walletsView, { list: 'SUM', filter, limit: 10 }, 5)).toEqual([]);
  expect(await countOf(testDatabase.database, 'views')).toBe(1);
});
