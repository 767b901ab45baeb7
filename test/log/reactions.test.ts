import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { modules } from '../../src/contexts/all.ts';
import { reactionNamesOf } from '../../src/kernel/reaction.ts';
import { lockHead } from '../../src/log/head.ts';
import { createLog } from '../../src/log/log.ts';
import { createReactionRegistry } from '../../src/log/reactions.ts';
import { batchOf, run } from '../support/batches.ts';
import { startTestEngine } from '../support/engines.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { reminding } from '../support/reminders.ts';
import { countWaiting, sql } from '../support/rows.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

beforeEach(async () => {
  await sql(testDatabase.database, 'delete from reactions');
});

afterAll(async () => {
  await testDatabase.dispose();
});

async function epoch(): Promise<number> {
  const [row] = await sql<{ epoch: number }>(testDatabase.database, 'select epoch from log_head');
  return row?.epoch ?? Number.NaN;
}

const register = (...names: string[]) =>
  createReactionRegistry(names).register(testDatabase.database);
const assertDecides = (...names: string[]) =>
  createReactionRegistry(names).assertDecides(testDatabase.database);

test('a new reaction raises the epoch, and a known one does not', async () => {
  const before = await epoch();
  await register('a', 'b');
  expect(await epoch()).toBe(before + 1);
  await register('b', 'a');
  await register('a');
  await register();
  expect(await epoch()).toBe(before + 1);
  await register('a', 'b', 'c');
  expect(await epoch()).toBe(before + 2);
});

test('a program that lacks a registered reaction does not decide', async () => {
  await register('a', 'b', 'c');
  await expect(assertDecides('c')).rejects.toMatchObject({
    code: 'UPGRADE_NEEDED',
    message: 'this server is older than the log and lacks the reactions a, b: upgrade it',
  });
  await expect(assertDecides()).rejects.toMatchObject({ reactions: ['a', 'b', 'c'] });
  // A program may have more reactions than are registered.
  await assertDecides('a', 'b', 'c', 'd');
});

test('programs that register at the same time raise the epoch once', async () => {
  const before = await epoch();
  await Promise.all([1, 2, 3, 4].map(() => register('a', 'b')));
  expect(await epoch()).toBe(before + 1);
});

test('an append comes before a new reaction and its epoch, or after both', async () => {
  const { database } = testDatabase;
  const before = await epoch();
  const [head] = await sql<{ sequence: number }>(database, 'select sequence from log_head');
  let registering: Promise<void> | undefined;
  await database.withTransaction(async (executor) => {
    await lockHead(executor);
    registering = register('a');
    await until(async () => (await countWaiting(database, 'register_reactions')) === 1);
    expect(await epoch()).toBe(before);
    await assertDecides();
    await createLog({ ...database, ...executor }, new Map()).append(batchOf(run('notes-1', 0, 2)));
  });
  await registering;
  expect(await epoch()).toBe(before + 1);
  const [row] = await sql<{ first_seen_after: number }>(database, 'select * from reactions');
  expect(row?.first_seen_after).toBe((head?.sequence ?? 0) + 2);
});

test('a server registers its reactions, and says when it lacks some', async () => {
  const contexts = modules.map(({ context }) => context);
  const full = await startTestEngine(testDatabase.url, contexts);
  const names = reactionNamesOf(contexts);
  expect(names.every((name) => /^[a-z]+\.[a-zA-Z]+$/.test(name))).toBe(true);
  const rows = await sql<{ name: string }>(testDatabase.database, 'select name from reactions');
  expect(rows.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(await full.upgradeNeeded()).toBeNull();
  const lacking = await startTestEngine(testDatabase.url, [reminding([])]);
  expect(await lacking.upgradeNeeded()).toContain('lacks the reactions trading.');
  await Promise.all([full.stop(), lacking.stop()]);
});

test('two reactions with one name are an error', () => {
  const reactions = [{ name: 'a', types: [], react: () => {} }];
  expect(() => reactionNamesOf([{ reactions }, { reactions }])).toThrow(
    'two reactions are named a',
  );
});
