import { afterEach, beforeEach, expect, test } from 'vitest';
import { nextPage } from '../../src/feed/next-page.ts';
import type { EventDefinition } from '../../src/kernel/event-definition.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog } from '../../src/log/log.ts';
import { createDatabase } from '../../src/postgres/database.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';
import { watchableDocument } from '../../src/views/watching/watch-document.ts';
import { createWatcher } from '../../src/views/watching/watcher.ts';
import { batchOf, pending } from '../support/batches.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';
import { startViewing, type ViewingProcess } from '../support/viewing.ts';
import { walletsView } from '../support/wallets.ts';

let testDatabase: TestDatabase;
const undo: (() => Promise<void>)[] = [];
const never = new AbortController().signal;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
});

afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  await testDatabase.dispose();
});

/** A program that knows notes up to a schema version. */
async function startProgram(
  schemaVersion: number,
  views: readonly AnyView[] = [walletsView],
): Promise<ViewingProcess> {
  const upcasters = Array.from({ length: schemaVersion - 1 }, () => (data: object) => ({
    ...data,
  }));
  const noted: EventDefinition = { description: '', audience: 'LOG', fields: {}, upcasters };
  const database = createDatabase({
    url: testDatabase.url,
    applicationName: 'program',
    poolMax: 4,
    log: silentLogger,
  });
  undo.push(database.stop);
  const process = await startViewing(database, views, new Map([['Noted', noted]]));
  undo.push(process.stop);
  return process;
}

/** Appends notes about one key in a schema version, and returns the head. */
async function append(count: number, schemaVersion = 1): Promise<number> {
  const log = createLog(testDatabase.database, new Map());
  const streamId = `notes-${newUuid()}`;
  const events = Array.from({ length: count }, (_, index) =>
    pending(streamId, index + 1, { schemaVersion, data: { keys: ['a'], amount: 1 } }),
  );
  return (await log.append(batchOf(events))).firstSequence + count - 1;
}

async function sumAt({ views }: ViewingProcess, sequence: number): Promise<unknown> {
  return (await views.document(walletsView, 'a', sequence))?.document.sum;
}

const upgradeNeeded = expect.objectContaining({ code: 'UPGRADE_NEEDED', sequence: 6 });

test('an old leader leaves the views to a newer program, and continues to read them', async () => {
  const old = await startProgram(1);
  await old.views.waitFor(await append(5), 10_000);
  const fresh = await startProgram(2);
  expect(old.feed.failure()).toBeNull();
  for (const schemaVersion of [2, 1]) {
    const head = await append(5, schemaVersion);
    expect(await fresh.views.waitFor(head, 15_000)).toBe(true);
    expect(await old.views.waitFor(head, 15_000)).toBe(true);
    expect(await sumAt(old, head)).toBe(head);
  }
  expect(old.feed.tail()).toBe(5);
  expect(old.feed.failure()).toContain('version 2 of Noted, event 6; it knows version 1');
  expect(old.views.unreadable()).toBeNull();
  expect([fresh.feed.failure(), fresh.views.unreadable()]).toEqual([null, null]);
});

test('without a newer program the views stop before the event, and report why', async () => {
  const old = await startProgram(1);
  await append(5);
  await append(1, 2);
  await append(5);
  expect(await old.views.waitFor(5, 10_000)).toBe(true);
  await until(() => old.views.unreadable() !== null);
  expect(old.views.checkpoint()).toBe(5);
  expect(await sumAt(old, 5)).toBe(5);
  await expect(sumAt(old, 6)).rejects.toEqual(upgradeNeeded);
  const fresh = await startProgram(2);
  expect(await fresh.views.waitFor(11, 15_000)).toBe(true);
  await until(() => old.views.unreadable() === null);
  expect(await sumAt(old, 11)).toBe(11);
});

test('a program that starts after the event does not advance views past it, and helps later', async () => {
  const fresh = await startProgram(2);
  await append(5);
  await fresh.views.waitFor(5, 10_000);
  await fresh.stop();
  await append(1, 2);
  const end = await append(5);
  const old = await startProgram(1);
  await until(() => old.views.unreadable() !== null);
  expect(old.views.checkpoint()).toBe(5);
  const second = await startProgram(2);
  expect(await second.views.waitFor(end, 15_000)).toBe(true);
  await second.stop();
  const head = await append(5);
  // It started after the event, so its own feed continues.
  expect(await old.views.waitFor(head, 15_000)).toBe(true);
  expect(await sumAt(old, head)).toBe(head);
});

test('a view that only the old program has stops, and does not delay the others', async () => {
  const lone: AnyView = { ...walletsView, name: 'lone' };
  const fresh = await startProgram(2);
  await append(5);
  await append(1, 2);
  const end = await append(4);
  await fresh.views.waitFor(end, 10_000);
  await fresh.stop();
  const old = await startProgram(1, [walletsView, lone]);
  await until(() => old.views.unreadable() === null && old.views.checkpoint() === end);
  const head = await append(5);
  await until(async () => old.views.rows().some(({ checkpoint }) => checkpoint === head), 15_000);
  await expect(old.views.document(lone, 'a', 3)).rejects.toEqual(upgradeNeeded);
  expect(await sumAt(old, head)).toBe(head);
});

test('readers of the feed get what precedes the event, and then the reason', async () => {
  const old = await startProgram(1, []);
  await append(5);
  await append(1, 2);
  const met: number[] = [];
  const following = (async () => {
    for await (const events of old.feed.follow(0, 2, never)) {
      met.push(...events.map(({ sequence }) => sequence));
    }
  })();
  await expect(following).rejects.toEqual(upgradeNeeded);
  expect(met).toEqual([1, 2, 3, 4, 5]);
  const { log } = old;
  await append(1_200);
  const late = await startProgram(1, []);
  const filtered = { log, feed: late.feed, filter: { types: ['Noted'] }, signal: never };
  const page = await nextPage(filtered, 0, null);
  expect([page?.events.length, page?.end]).toEqual([5, 5]);
  await expect(nextPage(filtered, 5, null)).rejects.toEqual(upgradeNeeded);
});

test('watching ends with the reason', async () => {
  const { feed, views } = await startProgram(1);
  const watcher = createWatcher({ feed, views, logger: silentLogger });
  watcher.start();
  undo.push(watcher.stop);
  await views.waitFor(await append(5), 10_000);
  const states = watcher.watch(watchableDocument(views, walletsView, 'a'), never);
  expect((await states.next()).value).toMatchObject({ state: { document: { sum: 5 } } });
  await append(1, 2);
  await expect(states.next()).rejects.toEqual(upgradeNeeded);
});
