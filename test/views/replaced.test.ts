import { afterEach, beforeEach, expect, test } from 'vitest';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog } from '../../src/log/log.ts';
import { createDatabase } from '../../src/postgres/database.ts';
import { releaseLeases, renewLeases } from '../../src/postgres/leases.ts';
import { createMovingView } from '../../src/views/building/advance.ts';
import { createDropReplaced } from '../../src/views/building/drop-replaced.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';
import { dropView, readViews, registerView } from '../../src/views/store.ts';
import { batchOf, noted } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { startViewing, type ViewingProcess } from '../support/viewing.ts';
import { walletsView } from '../support/wallets.ts';

let testDatabase: TestDatabase;
const undo: (() => Promise<void>)[] = [];
const raised: AnyView = { ...walletsView, version: 2 };

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  await testDatabase.dispose();
});

async function start(view: AnyView): Promise<ViewingProcess> {
  const database = createDatabase({
    url: testDatabase.url,
    applicationName: 'program',
    poolMax: 4,
    log: silentLogger,
  });
  undo.push(database.stop);
  const process = await startViewing(database, [view]);
  undo.push(process.stop);
  return process;
}

async function append(count: number): Promise<number> {
  const log = createLog(testDatabase.database, new Map());
  const streamId = `notes-${newUuid()}`;
  const events = Array.from({ length: count }, (_, index) =>
    noted(streamId, index + 1, { keys: ['a'], amount: 1 }),
  );
  return (await log.append(batchOf(events))).firstSequence + count - 1;
}

const sumAt = async ({ views }: ViewingProcess, at: number) =>
  (await views.document(walletsView, 'a', at))?.document.sum;
const versions = async () => (await readViews(testDatabase.database)).map(({ version }) => version);

test('a version is retired when no process has advanced it for seconds, then dropped', async () => {
  const { database } = testDatabase;
  for (const view of [walletsView, raised]) await registerView(database, view);
  const [old, fresh] = await readViews(database);
  const moving = [createMovingView(raised, fresh?.id ?? 0, 0, 'live')];
  const dropReplaced = createDropReplaced();
  await database.withConnection(async (executor) => {
    const take = async (ids: readonly number[]) => new Set(ids);
    const drop = () => dropReplaced(executor, moving, { take });
    await drop();
    expect(await versions()).toEqual([1, 2]);
    // A program that has it may have taken it over in between: the time starts again.
    const used = performance.now();
    const claim = { kind: 'daybook.views', ids: [old?.id ?? 0], holder: newUuid() } as const;
    expect(await renewLeases(executor, claim, 60_000)).toHaveLength(1);
    await until(async () => {
      await drop();
      return performance.now() - used > 5_000;
    });
    await releaseLeases(executor, claim);
    expect(await versions()).toEqual([1, 2]);
    const freed = performance.now();
    await until(async () => {
      await drop();
      return (await versions())[0] !== 1;
    });
    expect(performance.now() - freed).toBeGreaterThan(3_500);
    expect(await versions()).toEqual([-(old?.id ?? 0), 2]);
    await until(async () => {
      await drop();
      return (await versions()).length === 1;
    });
    expect(performance.now() - freed).toBeGreaterThan(5_500);
  });
});

test('a program whose version was dropped reports that, builds it again, and continues', async () => {
  const old = await start(walletsView);
  const fresh = await start(raised);
  const head = await append(5);
  for (const { views } of [old, fresh]) expect(await views.waitFor(head, 10_000)).toBe(true);
  // As after a pause that was longer than the lease: its lease is gone.
  const following = await start(walletsView);
  const [row] = await readViews(testDatabase.database);
  await dropView(testDatabase.database, row?.id ?? 0, 100);
  following.views.wake();
  await until(() => following.views.rows()[0]?.status !== 'live');
  await expect(sumAt(following, head)).rejects.toMatchObject({
    code: 'UPGRADE_NEEDED',
    message: expect.stringContaining(
      'version 1 of the view wallets has been replaced by version 2',
    ),
  });
  const later = await append(3);
  for (const process of [old, following, fresh]) {
    expect(await process.views.waitFor(later, 20_000)).toBe(true);
    expect(await sumAt(process, later)).toBe(8);
    expect(await sumAt(process, 2)).toBe(2);
  }
});
