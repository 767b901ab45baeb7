import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabase } from '../../src/postgres/database.ts';
import {
  createBlankDatabase,
  createFolder,
  exportSmall,
  importAll,
  type RichLog,
  recordRichLog,
  restoreKeys,
  tablesOf,
  toSend,
} from '../support/exports/exporting.ts';
import { runMutation } from '../support/people.ts';
import { countOf, sql } from '../support/rows.ts';
import { startTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

let source: RichLog;
let directory: string;
beforeEach(async () => {
  source = await recordRichLog(undo);
  directory = await createFolder(undo);
});

async function start(url: string) {
  const database = createDatabase({ url, applicationName: 'restored', log: silentLogger });
  undo.push(database.stop);
  const server = await startTestServer(url, database);
  undo.push(server.stop);
  return { database, send: toSend(server.url) };
}

/** Everything that the views return as of a sequence. */
function viewsAt(send: ReturnType<typeof toSend>, accounts: readonly string[], asOf: number) {
  const each = accounts.map(
    (id, index) => `a${index}: account(id: "${id}", asOf: $asOf) { balance held version updatedAt
      portfolio { cash equity realizedPnl positions { symbol quantity averageCost } }
      orders(first: 50) { nodes { id side quantity status filledQuantity averagePrice } } }`,
  );
  const query = `query Q($asOf: Moment!) { ${each.join('\n')}
    trialBalance(asOf: $asOf) { isBalanced assets { asset total } }
    one: instrument(symbol: "WHOLE", asOf: $asOf) { lastPrice
      orderBook { bids { price quantity } asks { price quantity } } } }`;
  return send(query, { asOf: String(asOf) });
}

test('an import is equal to the last byte, and a server goes on from there', async () => {
  const { files, manifest } = await exportSmall(source.url, directory);
  expect(files).toBeGreaterThan(3);
  const target = await createBlankDatabase(undo);
  await importAll(target, directory);
  const tables = await tablesOf(source.url);
  expect(tables['consumer_timers']?.length).toBeGreaterThan(0);
  expect(await tablesOf(target)).toEqual(tables);
  await restoreKeys(source.url, target);

  const [first, second] = [await start(source.url), await start(target)];
  const { accounts } = source.run;
  const head = manifest.end.sequence;
  for (let asOf = 1; asOf <= head; asOf += 17) {
    const expected = await viewsAt(first.send, accounts, asOf);
    expect(expected.errors).toBeUndefined();
    const found = await viewsAt(second.send, accounts, asOf);
    expect({ asOf, ...(found.data as object) }).toEqual({ asOf, ...(expected.data as object) });
  }

  const { keyed, rejected, run } = source;
  const again = await runMutation(second, 'depositCash', keyed.input, 'account { balance }');
  expect(again).toEqual({ ...(keyed.answer as object), replayed: true });
  expect(await runMutation(second, 'withdrawCash', rejected.input)).toEqual(rejected.answer);
  const { data } = await second.send<{ log: { sequence: string } }>('{ log { sequence } }');
  const deposit = { accountId: run.accounts[0], amount: '1.00' };
  const payload = await runMutation(second, 'depositCash', deposit);
  expect(Number(payload['sequence'])).toBe(Number(data.log.sequence) + 1);
}, 60_000);

test('the lines of an export have the recorded texts, byte for byte', async () => {
  await exportSmall(source.url, directory);
  const lines = (await readdir(directory))
    .filter((name) => name.startsWith('events-'))
    .flatMap((name) =>
      gunzipSync(readFileSync(path.join(directory, name)))
        .toString()
        .split('\n'),
    );
  const database = createDatabase({ url: source.url, applicationName: 'test', log: silentLogger });
  undo.push(database.stop);
  const rows = await sql<{ data: string; id: string }>(
    database,
    'select id::text, data::text from events order by sequence',
  );
  const events = lines.filter((line) => line.startsWith('{"kind":"event"'));
  expect(events).toHaveLength(rows.length);
  for (const [index, { data, id }] of rows.entries()) {
    const line = events[index] ?? '';
    expect(JSON.parse(line)).toMatchObject({ id, data: JSON.parse(data) });
    expect(line.endsWith(`,"data":${data}}`)).toBe(true);
  }
}, 60_000);

test('personal keys are not exported, and a person who was forgotten stays forgotten', async () => {
  await exportSmall(source.url, directory);
  const target = await createBlankDatabase(undo);
  await importAll(target, directory);
  const database = createDatabase({ url: target, applicationName: 'test', log: silentLogger });
  undo.push(database.stop);
  const keys = await sql(
    database,
    'select subject, wrapped_key as key, erased_at is not null as erased from personal_keys',
  );
  expect(keys).toEqual([{ subject: source.owners[1], key: null, erased: true }]);
  expect(await countOf(database, 'ledger_keys')).toBe(0);
}, 60_000);

test('without the keys, everything but personal texts is there', async () => {
  await exportSmall(source.url, directory);
  const target = await createBlankDatabase(undo);
  await importAll(target, directory);
  const { send } = await start(target);
  const [remembered, forgotten] = source.owners;
  const people = `{ one: person(id: "${remembered}") { id name erasedAt }
    two: person(id: "${forgotten}") { id name erasedAt } }`;
  const { data, errors } = await send<Record<string, object | null>>(people);
  expect(errors?.map(({ extensions }) => extensions['code'])).toEqual(['PERSONAL_DATA_UNREADABLE']);
  expect(data['two']).toMatchObject({ name: null, erasedAt: expect.any(String) });
  const { rejected, keyed } = source;
  expect(await runMutation({ send }, 'withdrawCash', rejected.input)).toEqual(rejected.answer);
  // The fingerprint of an input with personal texts rests on a key, too.
  expect(await runMutation({ send }, 'depositCash', keyed.input)).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
}, 60_000);

test('an export is the log of one moment, whatever is recorded meanwhile', async () => {
  const { send } = await start(source.url);
  const over = new AbortController();
  const [accountId] = source.run.accounts;
  const load = [1, 2, 3].map(async () => {
    while (!over.signal.aborted) {
      await runMutation({ send }, 'depositCash', { accountId, amount: '0.01' });
    }
  });
  const target = await createBlankDatabase(undo);
  try {
    for (let round = 0; round < 4; round += 1) {
      const { manifest } = await exportSmall(source.url, directory);
      expect(manifest.state?.sequence).toBe(manifest.end.sequence);
    }
  } finally {
    over.abort();
    await Promise.all(load);
  }
  const { end } = await importAll(target, directory);
  const [found, whole] = [await tablesOf(target), await tablesOf(source.url)];
  expect(whole['events']?.startsWith(found['events'] ?? '-')).toBe(true);
  expect(found['events']?.split('\n')).toHaveLength(end.sequence + 1);
  expect(whole['command_batches']?.startsWith(found['command_batches'] ?? '-')).toBe(true);
}, 60_000);
