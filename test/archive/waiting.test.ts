import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFetchBack } from '../../src/archive/fetch-back.ts';
import { archiveSmall, restoreAll } from '../support/archive/archiving.ts';
import { startBridgedEngine } from '../support/bridged.ts';
import { createFolder } from '../support/exports/exporting.ts';
import { hookSecret, startHookReceiver } from '../support/hook-receiver.ts';
import { runMutation } from '../support/people.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const accountId = '00000000-0000-4000-8000-00000000000a';
let server: TestServer;
let directory: string;
beforeEach(async () => {
  server = await createTestServer();
  undo.push(server.dispose);
  directory = await createFolder(undo);
  await runMutation(server, 'openAccount', { accountId, owner: 'ann', currency: 'USD' });
  for (let count = 0; count < 20; count += 1) {
    await runMutation(server, 'depositCash', { accountId, amount: '1.00' });
  }
  await until(async () => {
    const { moved } = await archiveSmall(server.databaseUrl, directory, 15);
    return moved !== null;
  }, 20_000);
});

async function viewsOf() {
  return sql<{ readonly name: string; readonly status: string; readonly error: object | null }>(
    server.database,
    'select name, status, error from views where version >= 0 order by name',
  );
}

test('a view that is built again waits for archived events, and the others go on', async () => {
  const live = await viewsOf();
  expect(live.every(({ status }) => status === 'live')).toBe(true);
  const [first] = live;
  await sql(server.database, `update views set version = -id, status = 'parked' where name = $1`, [
    first?.name,
  ]);
  await server.restart();
  await until(async () => (await viewsOf())[0]?.status === 'parked', 20_000, viewsOf);
  const [parked, ...others] = await viewsOf();
  expect(parked?.error).toMatchObject({ message: expect.stringContaining('are archived') });
  expect(others.every(({ status }) => status === 'live')).toBe(true);
  await runMutation(server, 'depositCash', { accountId, amount: '1.00' });
  await restoreAll(server.databaseUrl, directory);
  await until(async () => (await viewsOf()).every(({ status }) => status === 'live'), 20_000);
});

test('a bridge that begins before the archived events says so, and waits for them', async () => {
  const hook = await startHookReceiver();
  undo.push(hook.stop);
  const bridge = { name: 'hook', kind: 'webhook', url: hook.url, secretEnv: 'HOOK_SECRET' };
  const engine = await startBridgedEngine(
    server.databaseUrl,
    [{ ...bridge, allowPrivate: true, from: 0 }],
    { secret: () => hookSecret },
  );
  undo.push(engine.stop);
  const errorOf = async () => (await engine.bridges.rows())[0]?.error ?? '';
  await until(async () => (await errorOf()).includes('are archived'), 20_000, errorOf);
  expect(hook.received).toEqual([]);
  await restoreAll(server.databaseUrl, directory);
  await until(() => hook.received.length >= 21, 20_000, errorOf);
  const sequences = hook.received.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.map((_sequence, index) => index + 1));
});

test('events that are needed are fetched back in the background, by one server', async () => {
  const parts = { url: server.databaseUrl, directory, logger: silentLogger };
  const both = [createFetchBack(parts), createFetchBack(parts)];
  for (const { stop } of both) undo.push(stop);
  expect(both.map(({ start }) => start())).toEqual([true, true]);
  await until(async () => {
    const { errors } = await server.send('{ events(first: 1) { nodes { id } } }');
    return errors === undefined;
  }, 20_000);
  const [row] = await sql<{ through: number }>(
    server.database,
    'select archived_through as through from log_head',
  );
  expect(row?.through).toBe(0);
});

test('a directory without the events is reported, and tried again only later', async () => {
  const empty = await createFolder(undo);
  const reasons: unknown[] = [];
  const logger = { ...silentLogger, error: (fields: object) => void reasons.push(fields) };
  const { start, stop } = createFetchBack({ url: server.databaseUrl, directory: empty, logger });
  undo.push(stop);
  expect(start()).toBe(true);
  await until(() => reasons.length > 0);
  expect(reasons).toMatchObject([{ reason: expect.stringContaining('has no manifest.json') }]);
  await until(() => !start());
});
