import { afterAll, beforeAll, expect, test } from 'vitest';
import { rebuildViews } from '../../src/rebuild/rebuild-views.ts';
import { verifyViews } from '../../src/rebuild/verify-views.ts';
import { thinViews } from '../../src/views/thin-views.ts';
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
import { startViewing } from '../support/viewing.ts';
import { walletsView } from '../support/wallets.ts';

let testDatabase: TestDatabase;
let rebuilding: RebuildingProcess;
const head = 12_000;
const before = 5_000;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  rebuilding = startRebuilding(testDatabase.url);
  const { database } = testDatabase;
  await appendNotes(database, head);
  const server = await startViewing(database, [walletsView]);
  expect(await server.views.waitFor(head, 60_000)).toBe(true);
  await server.stop();
}, 90_000);

afterAll(async () => {
  await rebuilding.stop();
  await testDatabase.dispose();
});

test('the rows that thinning has left are verified, and the view is rebuilt whole', async () => {
  const { database } = testDatabase;
  const { live } = await idsOf(database, walletsView);
  const whole = await storedOf(database, live ?? 0, head);
  const [thinned] = await thinViews(database, { before });
  expect(thinned).toMatchObject({ name: 'wallets', historyFrom: before });
  expect(thinned?.documents).toBeGreaterThan(0);
  await unpackDocuments(database);

  const verify = async () => {
    const [verified] = await verifyViews({ ...rebuilding.parts, views: [walletsView] });
    return verified;
  };
  expect(await verify()).toMatchObject({ provedUpTo: head, fault: null });
  const change = async (document: string) => {
    const where = `where view_id = ${live} and sequence = 11000`;
    const [row] = await sql<{ text: string }>(
      database,
      `select document::text as text from view_documents ${where}`,
    );
    await sql(database, `update view_documents set document = '${document}' ${where}`);
    return row?.text ?? '';
  };
  const original = await change('{"key":"a","owner":"thief","sum":1000}');
  expect(await verify()).toMatchObject({ fault: { from: 10_001, document: { sequence: 11_000 } } });
  const request = requestFor([walletsView]);
  const [refused] = await rebuildViews(rebuilding.parts, request);
  expect(refused).toMatchObject({ swapped: null, difference: { document: { sequence: 11_000 } } });
  await change(original);
  const [rebuilt] = await rebuildViews(rebuilding.parts, request);
  expect(rebuilt).toMatchObject({ difference: null, swapped: { isProved: true } });
  const after = await idsOf(database, walletsView);
  expect(await storedOf(database, after.live ?? 0, head)).toEqual(whole);
}, 120_000);
