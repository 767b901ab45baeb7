import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { foldStream } from '../../src/commands/streams/fold-stream.ts';
import { accountDecider } from '../../src/contexts/accounts/account.ts';
import { exportParquet } from '../../src/exports/export-parquet.ts';
import { ArchivedError } from '../../src/log/errors.ts';
import { archiveSmall, restoreAll } from '../support/archive/archiving.ts';
import { createFolder, exportSmall } from '../support/exports/exporting.ts';
import { runMutation } from '../support/people.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

const undo: (() => unknown)[] = [];
let server: TestServer;
let directory: string;
/** The last archived event. */
let cut: number;
const old = '00000000-0000-4000-8000-00000000000a';
const idle = '00000000-0000-4000-8000-00000000000b';
const late = '00000000-0000-4000-8000-00000000000c';
const never = '00000000-0000-4000-8000-00000000000d';
const keyed = {
  accountId: old,
  amount: '3.00',
  idempotencyKey: '00000000-0000-4000-8000-000000000001',
};
/** Where the command records up to some archived sequences ended before the archive. */
let ends: readonly unknown[];
let archivedEvent: { readonly id: string; readonly recorded_at: string };

beforeAll(async () => {
  server = await createTestServer();
  undo.push(server.dispose);
  directory = await createFolder(undo);
  for (const accountId of [old, idle]) await open(accountId);
  await runMutation(server, 'depositCash', keyed);
  for (let count = 0; count < 20; count += 1) await deposit(old);
  cut = await headOf();
  await open(late);
  for (let count = 0; count < 5; count += 1) await deposit(late);
  await deposit(old);
  await settled();
  const [row] = await sql<typeof archivedEvent>(
    server.database,
    'select id, recorded_at from events where sequence = 3',
  );
  if (row === undefined) throw new Error('the log has no event 3');
  archivedEvent = row;
  ends = await endsOf();
  await archiveSmall(server.databaseUrl, directory, cut);
});

function endsOf(): Promise<readonly unknown[]> {
  const sequences = Array.from({ length: cut + 2 }, (_, sequence) => sequence);
  return Promise.all(sequences.map((sequence) => server.engine.log.recordsEnd(sequence)));
}

afterAll(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

const open = (accountId: string) =>
  runMutation(server, 'openAccount', { accountId, owner: 'ann', currency: 'USD' });
const deposit = (accountId: string) =>
  runMutation(server, 'depositCash', { accountId, amount: '1.00' });

async function headOf(): Promise<number> {
  const [row] = await sql<{ head: number }>(
    server.database,
    'select sequence as head from log_head',
  );
  return row?.head ?? 0;
}

/** Waits until no reader needs an event before the last two. */
async function settled(): Promise<void> {
  const text = `select least((select min(checkpoint) from views),
    (select min(checkpoint) from consumers)) as least`;
  await until(async () => {
    const [row] = await sql<{ least: number }>(server.database, text);
    return (row?.least ?? 0) >= (await headOf());
  }, 20_000);
}

async function errorOf(query: string) {
  const { errors } = await server.send(query);
  return errors?.map(({ extensions, message }) => ({ code: extensions['code'], message }));
}

const archived = () => [
  {
    code: 'ARCHIVED',
    message:
      `the events up to ${cut} are archived, the first one here is ${cut + 1}: ` +
      'fetch them back with daybook archive --restore --in DIR',
  },
];

test.each([
  ['a page from the beginning', '{ events(first: 5) { nodes { sequence } } }'],
  ['a page of a type', '{ events(first: 5, filter: { types: [CashDeposited] }) { nodes { id } } }'],
  ['an actor', '{ events(first: 5, filter: { actor: "operator" }) { nodes { id } } }'],
  ['a stream', `{ events(first: 5, filter: { streamId: "account-${old}" }) { nodes { id } } }`],
  [
    'several filters',
    `{ events(first: 5, filter: { streamId: "account-${idle}", types: [CashDeposited] }) { nodes { id } } }`,
  ],
  ['a correlation', '{ events(first: 5, filter: { correlationId: "none" }) { nodes { id } } }'],
  ['an event by its sequence', '{ event(sequence: "3") { id } }'],
  [
    'the history of an account',
    `{ account(id: "${idle}") { history(first: 5) { nodes { id } } } }`,
  ],
])('%s says that it is archived', async (_what, query) => {
  expect(await errorOf(query)).toEqual(archived());
});

test('an archived event says so by its id', async () => {
  expect(await errorOf(`{ event(id: "${archivedEvent.id}") { id } }`)).toEqual(archived());
});

test('what is here is read as before', async () => {
  const { data, errors } = await server.send<{
    readonly page: {
      readonly nodes: readonly { readonly sequence: string; readonly id: string }[];
    };
    readonly stream: { readonly nodes: readonly unknown[]; readonly pageInfo: object };
  }>(`{ page: events(first: 3, after: "${cut}") { nodes { sequence id } }
    stream: events(first: 50, filter: { streamId: "account-${late}" }) {
      nodes { sequence } pageInfo { hasPreviousPage hasNextPage } } }`);
  expect(errors).toBeUndefined();
  expect(data.page.nodes.map(({ sequence }) => Number(sequence))).toEqual([
    cut + 1,
    cut + 2,
    cut + 3,
  ]);
  expect(data.stream.nodes).toHaveLength(6);
  const [node] = data.page.nodes;
  const found = await server.send(`{ event(id: "${node?.id}") { sequence } }`);
  expect(found).toMatchObject({ data: { event: { sequence: node?.sequence } } });
});

test('a page backwards ends before the archived events, and the next one says why', async () => {
  const page = (more: string, filter = '') =>
    server.send<{
      readonly events: {
        readonly nodes: readonly { readonly sequence: string }[];
        readonly pageInfo: { readonly hasPreviousPage: boolean; readonly startCursor: string };
      };
    }>(`{ events(last: 100 ${more} ${filter}) { nodes { sequence }
      pageInfo { hasPreviousPage startCursor } } }`);
  for (const filter of [
    '',
    `filter: { streamId: "account-${old}" }`,
    'filter: { actor: "operator" }',
  ]) {
    const { data, errors } = await page('', filter);
    expect(errors).toBeUndefined();
    expect(data.events.nodes.length).toBeGreaterThan(0);
    expect(data.events.pageInfo.hasPreviousPage).toBe(true);
    const before = `before: "${data.events.pageInfo.startCursor}"`;
    const next = await page(before, filter);
    expect(next.errors).toMatchObject([{ extensions: { code: 'ARCHIVED' } }]);
  }
});

test('moments in the archived past are resolved to the same sequences', async () => {
  const { data, errors } = await server.send<{ account: { balance: string } }>(
    `{ account(id: "${old}", asOf: "${archivedEvent.recorded_at}") { balance sequence } }`,
  );
  expect(errors).toBeUndefined();
  const same = await server.send(`{ account(id: "${old}", asOf: "3") { balance sequence } }`);
  expect({ data }).toEqual({ data: same.data });
});

test('the replay of an archived command is archived, and no key takes effect twice', async () => {
  const before = await headOf();
  await expect(runMutation(server, 'depositCash', keyed)).rejects.toThrow('ARCHIVED');
  expect(await headOf()).toBe(before);
});

test('the records of commands go back as far as the events of the account', async () => {
  type Records = {
    readonly commands: {
      readonly nodes: readonly unknown[];
      readonly pageInfo: { readonly hasPreviousPage: boolean; readonly startCursor: string };
    };
  };
  const page = (more: string) =>
    server.send<Records>(`{ commands(last: 100, filter: { accountId: "${old}" } ${more}) {
      nodes { id } pageInfo { hasPreviousPage startCursor } } }`);
  const { data, errors } = await page('');
  expect(errors).toBeUndefined();
  expect(data.commands.pageInfo.hasPreviousPage).toBe(true);
  const next = await page(`before: "${data.commands.pageInfo.startCursor}"`);
  expect(next.errors).toMatchObject([{ extensions: { code: 'ARCHIVED' } }]);
});

test('a stream is folded from its snapshot, and never from a part of its events', async () => {
  const { log } = server.engine;
  const sequence = await headOf();
  const fold = (id: string, at: number) =>
    foldStream(log, { decider: accountDecider, id, sequence: at });
  expect(await fold(idle, sequence)).toMatchObject({ balance: '0.00' });
  expect(await fold(old, sequence)).toMatchObject({ balance: '24.00' });
  expect(await fold(never, sequence)).toBeNull();
  await expect(fold(old, 5)).rejects.toBeInstanceOf(ArchivedError);
});

test('a stream without a snapshot is refused, not taken for a new one', async () => {
  const rows = await sql<{ state: unknown }>(
    server.database,
    `delete from stream_snapshots where stream_id = 'account-${idle}'
     returning decider_version, version, last_event_id, state`,
  );
  await server.restart();
  await expect(deposit(idle)).rejects.toThrow('ARCHIVED');
  const [row] = rows as unknown as Readonly<Record<string, unknown>>[];
  await sql(
    server.database,
    `insert into stream_snapshots (stream_id, decider_version, version, last_event_id, state)
     values ('account-${idle}', $1, $2, $3, $4)`,
    [row?.['decider_version'], row?.['version'], row?.['last_event_id'], row?.['state']],
  );
  expect(await deposit(idle)).toMatchObject({ __typename: 'DepositCashPayload' });
});

test('an export begins after the archived events, or says that they are archived', async () => {
  const url = server.databaseUrl;
  const folder = () => createFolder(undo);
  const parquet = {
    url,
    file: `${await folder()}/events`,
    view: null,
    asOf: null,
    onProgress() {},
  };
  await expect(exportParquet(parquet)).rejects.toMatchObject({ code: 'ARCHIVED' });
  await expect(exportSmall(url, await folder())).rejects.toMatchObject({ code: 'ARCHIVED' });
  const early = exportSmall(url, await folder(), { after: 2 });
  await expect(early).rejects.toMatchObject({ code: 'ARCHIVED' });
  const { manifest } = await exportSmall(url, await folder(), { after: cut });
  expect(manifest.start.sequence).toBe(cut);
});

test('the records up to an archived sequence end where they did', async () => {
  expect(await endsOf()).toEqual(ends);
});

test('snapshots of archived streams stay when the epoch is raised', async () => {
  const { epoch } = await server.engine.log.head();
  expect(await server.engine.log.raiseEpoch(epoch, randomUUID())).toBe(epoch + 1);
  const [row] = await sql<{ count: number }>(
    server.database,
    `select count(*) from stream_snapshots where stream_id in ($1, $2)`,
    [`account-${old}`, `account-${idle}`],
  );
  expect(row?.count).toBe(2);
});

test('everything is back after a restore', async () => {
  await restoreAll(server.databaseUrl, directory);
  expect(await errorOf('{ events(first: 5) { nodes { sequence } } }')).toBeUndefined();
  expect(await runMutation(server, 'depositCash', keyed)).toMatchObject({ replayed: true });
});
