import { afterEach, beforeEach, expect, test } from 'vitest';
import { archivedRanges } from '../../src/log/archive.ts';
import { copyOut } from '../../src/postgres/copy-out.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { archiveSmall, restoreAll } from '../support/archive/archiving.ts';
import { createFolder, type RichLog, recordRichLog, toSend } from '../support/exports/exporting.ts';
import { runMutation } from '../support/people.ts';
import { countOf, sql } from '../support/rows.ts';
import { startTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

let log: RichLog;
let directory: string;
let database: Database;
beforeEach(async () => {
  log = await recordRichLog(undo);
  directory = await createFolder(undo);
  database = createDatabase({ url: log.url, applicationName: 'test', log: silentLogger });
  undo.push(database.stop);
  // A bridge that nobody runs would keep everything after its checkpoint.
  await sql(database, 'delete from bridges');
  // A consumer that was stopped early has not saved how far it had come.
  await sql(database, 'update consumers set checkpoint = (select sequence from log_head)');
});

async function start() {
  const server = await startTestServer(log.url, database);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= server.stop();
    return stopped;
  };
  undo.push(stop);
  return { stop, database, send: toSend(server.url) };
}

type Send = ReturnType<typeof toSend>;

function viewsAt(send: Send, accounts: readonly string[], asOf: string) {
  const each = accounts.map(
    (id, index) => `a${index}: account(id: "${id}", asOf: $asOf) { balance held version updatedAt
      portfolio { cash equity realizedPnl positions { symbol quantity averageCost } }
      orders(first: 50) { nodes { id side quantity status filledQuantity averagePrice } } }`,
  );
  const query = `query Q($asOf: Moment!) { ${each.join('\n')}
    trialBalance(asOf: $asOf) { isBalanced assets { asset total } }
    one: instrument(symbol: "WHOLE", asOf: $asOf) { lastPrice
      orderBook { bids { price quantity } asks { price quantity } } } }`;
  return send(query, { asOf });
}

async function headOf(): Promise<number> {
  const [row] = await sql<{ head: number }>(database, 'select sequence as head from log_head');
  return row?.head ?? 0;
}

/** The rows of the events as COPY prints them. */
async function eventsUpTo(last: number): Promise<string> {
  const chunks: Buffer[] = [];
  const rows = `select * from events where sequence <= ${last} order by sequence`;
  for await (const chunk of copyOut(log.url, `copy (${rows}) to stdout`)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function timesOf(): Promise<readonly string[]> {
  const rows = await sql<{ at: string }>(
    database,
    'select recorded_at as at from events where sequence % 29 = 0 order by sequence',
  );
  return rows.map(({ at }) => at);
}

/** Every answer of the views at many moments, by sequence and by time. */
async function answersOf(send: Send, moments: readonly string[]) {
  const answers: unknown[] = [];
  for (const moment of moments) {
    const { data, errors } = await viewsAt(send, log.run.accounts, moment);
    expect(errors).toBeUndefined();
    answers.push({ moment, data });
  }
  return answers;
}

test('views answer as before at every moment, and everything does after a restore', async () => {
  const first = await start();
  const head = await headOf();
  const sequences = Array.from({ length: Math.floor(head / 23) }, (_, index) =>
    String(index * 23 + 1),
  );
  const moments = [...sequences, ...(await timesOf())];
  const expected = await answersOf(first.send, moments);
  await first.stop();
  const events = await eventsUpTo(head);

  const cut = Math.floor((head * 2) / 3);
  const { moved } = await archiveSmall(log.url, directory, cut);
  expect(moved?.first).toBe(1);
  expect(moved?.last).toBeLessThanOrEqual(cut);
  expect(moved?.last).toBeGreaterThan(cut - 20);
  expect(await countOf(database, 'events')).toBe((await headOf()) - (moved?.last ?? 0));
  expect(await eventsUpTo(moved?.last ?? 0)).toBe('');
  const second = await start();
  expect(await answersOf(second.send, moments)).toEqual(expected);
  await second.stop();

  const more = await archiveSmall(log.url, directory, head - 20);
  expect(more.moved?.first).toBe((moved?.last ?? 0) + 1);
  expect(await archivedRanges(database)).toMatchObject([
    { firstSequence: 1, lastSequence: moved?.last },
    { firstSequence: more.moved?.first, lastSequence: more.moved?.last },
  ]);
  const third = await start();
  expect(await answersOf(third.send, moments)).toEqual(expected);
  await third.stop();

  expect(await restoreAll(log.url, directory)).toMatchObject({ first: 1, last: more.moved?.last });
  expect(await eventsUpTo(head)).toBe(events);
  expect(await archivedRanges(database)).toEqual([]);
  const fourth = await start();
  expect(await answersOf(fourth.send, moments)).toEqual(expected);
  const { data } = await fourth.send<{ events: { nodes: readonly unknown[] } }>(
    '{ events(first: 3) { nodes { sequence } } }',
  );
  expect(data.events.nodes).toHaveLength(3);
});

test('commands on archived streams are answered as before', async () => {
  const head = await headOf();
  await archiveSmall(log.url, directory, head - 3);
  const server = await start();
  const { run, rejected } = log;
  const [accountId = ''] = run.accounts;
  const before = await server.send<{ account: { balance: string } }>(
    `{ account(id: "${accountId}") { balance } }`,
  );
  const input = { accountId, amount: '1.00' };
  const deposit = await runMutation(server, 'depositCash', input, 'account { balance version }');
  expect(deposit['account']).toMatchObject({
    balance: (Number(before.data.account.balance) + 1).toFixed(2),
  });
  // A rejection has no events, so its replay needs none.
  expect(await runMutation(server, 'withdrawCash', rejected.input)).toEqual(rejected.answer);
  const open = { accountId, owner: 'someone', currency: 'USD' };
  expect(JSON.stringify(await runMutation(server, 'openAccount', open))).toContain('already');
  const filled = await server.send<{ account: { orders: { nodes: { id: string }[] } } }>(
    `{ account(id: "${accountId}") { orders(first: 1, filter: { status: FILLED }) { nodes { id } } } }`,
  );
  const [order] = filled.data.account.orders.nodes;
  expect(order).toBeDefined();
  const cancelled = await runMutation(server, 'cancelOrder', { orderId: order?.id });
  expect(JSON.stringify(cancelled)).toContain('ORDER_NOT_OPEN');
});

test('a figure is explained down to the archived events, and then they are needed', async () => {
  const head = await headOf();
  const cut = Math.floor(head / 2);
  await archiveSmall(log.url, directory, cut);
  const server = await start();
  const [accountId = ''] = log.run.accounts;
  await runMutation(server, 'depositCash', { accountId, amount: '1.25' });
  const explain = (before = '') =>
    server.send<{
      explain: {
        contributions: {
          nodes: readonly { amount: string }[];
          pageInfo: { hasPreviousPage: boolean; startCursor: string };
        };
      };
    }>(
      `{ explain(accountId: "${accountId}", figure: BALANCE, last: 500${before}) { contributions {
        nodes { amount } pageInfo { hasPreviousPage startCursor } } } }`,
    );
  const { data, errors } = await explain();
  expect(errors).toBeUndefined();
  const { nodes, pageInfo } = data.explain.contributions;
  expect(nodes.at(-1)?.amount).toBe('1.25');
  expect(pageInfo.hasPreviousPage).toBe(true);
  const rest = await explain(`, before: "${pageInfo.startCursor}"`);
  expect(rest.errors?.[0]?.extensions['code']).toBe('ARCHIVED');
});

test('a person who was forgotten by an archived event stays forgotten', async () => {
  const [, forgotten] = log.owners;
  const server = await start();
  const views = `select count(*) from views where checkpoint < (select sequence from log_head)`;
  await until(async () => (await sql<{ count: number }>(database, views))[0]?.count === 0);
  await server.stop();
  await sql(database, 'update consumers set checkpoint = (select sequence from log_head)');
  await archiveSmall(log.url, directory, (await headOf()) - 1);
  const left = await sql(database, `select from events where type = 'PersonErased'`);
  expect(left).toEqual([]);
  // As after the restore of an older backup of the keys.
  await sql(database, 'alter table personal_keys disable trigger user');
  await sql(
    database,
    `update personal_keys set master_key = 'x', wrapped_key = '\\x00', erased_at = null
     where subject = $1`,
    [forgotten],
  );
  await sql(database, 'alter table personal_keys enable trigger user');
  await start();
  const rows = await sql(
    database,
    'select wrapped_key as key, erased_at is null as "isKept" from personal_keys where subject = $1',
    [forgotten],
  );
  expect(rows).toEqual([{ key: null, isKept: false }]);
});
