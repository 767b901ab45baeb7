import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { toDataSchema } from '../src/bridges/message.ts';
import { openEventSource } from '../src/bridges/source.ts';
import { multiply } from '../src/lib/decimal.ts';
import { createDatabase, type Database } from '../src/postgres/database.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { definitions } from './support/event-examples.ts';
import { subscribe } from './support/live.ts';
import {
  askAt,
  askRecords,
  type OlderRelease,
  readOlderRelease,
  repeatDeposit,
  type StoredRow,
  toApiTime,
} from './support/older-release.ts';
import { runStatement, toDatabaseUrl } from './support/postgres.ts';
import { sql } from './support/rows.ts';
import { startTestServer } from './support/server.ts';
import { silentLogger } from './support/silent-logger.ts';
import { sendTo } from './support/upgrade-load.ts';

/** The last migration of the release that has made the log. */
const lastMigration = '0017';

const older: OlderRelease = readOlderRelease();
const events = older.tables['events'] ?? [];
const undo: (() => unknown)[] = [];
let database: Database;
let server: Awaited<ReturnType<typeof startTestServer>>;

beforeAll(async () => {
  const { url: serverUrl } = inject('postgres');
  const name = `daybook_older_${process.pid}_${randomBytes(5).toString('hex')}`;
  await runStatement(serverUrl, `create database ${name}`);
  undo.push(() => runStatement(serverUrl, `drop database ${name} with (force)`));
  const url = toDatabaseUrl(serverUrl, name);
  await migrate(url, await olderMigrations());
  database = createDatabase({ url, applicationName: 'daybook test', log: silentLogger });
  undo.push(() => database.stop());
  await load(database);
  await migrate(url);
  server = await startTestServer(url, database);
  undo.push(() => server.stop());
}, 60_000);

afterAll(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** The migrations that the older release had. Functions are those of now: they serve both. */
async function olderMigrations(): Promise<string> {
  const from = path.resolve(import.meta.dirname, '../migrations');
  const directory = mkdtempSync(path.join(tmpdir(), 'daybook-migrations-'));
  undo.push(() => rmSync(directory, { recursive: true }));
  for (const name of readdirSync(from).filter((file) => /^\d{4}_/.test(file))) {
    if (name.slice(0, 4) <= lastMigration) {
      await copyFile(path.join(from, name), path.join(directory, name));
    }
  }
  mkdirSync(path.join(directory, 'functions'));
  writeFileSync(path.join(directory, 'functions/README.md'), '');
  return directory;
}

/** Inserts the rows as they were; triggers would refuse or repeat some of it. */
async function load({ withConnection }: Database): Promise<void> {
  await withConnection(async (executor) => {
    await sql(executor, 'set session_replication_role = replica');
    await sql(executor, 'delete from log_head');
    for (const [table, rows] of Object.entries(older.tables)) {
      const text = `insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1)`;
      await sql(executor, text, [JSON.stringify(rows)]);
    }
    await sql(executor, 'reset session_replication_role');
  });
}

test('the log has an event of every type that the older release had', () => {
  const types = new Set(events.map(({ type }) => type));
  const later = ['StopsReachedByPrice'];
  expect([...types].sort()).toEqual(
    [...definitions.keys()].filter((type) => !later.includes(type)).sort(),
  );
});

test('after the migration, every moment is answered as the older release answered it', async () => {
  const moments = Object.entries(older.answers);
  expect(moments.length).toBeGreaterThan(10);
  for (const [moment, answer] of moments) {
    expect(await askAt(server.url, older.recorded, moment), `at ${moment}`).toEqual(answer);
  }
}, 60_000);

test('every event is read as it is stored, apart from what has evolved since', async () => {
  const read = await readEvents();
  expect(read).toHaveLength(events.length);
  for (const [index, stored] of events.entries()) {
    const { type, data } = toReadNow(stored);
    expect(read[index], `event ${stored['sequence']}`).toEqual({
      sequence: String(stored['sequence']),
      eventId: stored['id'],
      streamId: stored['stream_id'],
      version: stored['version'],
      type,
      schemaVersion: stored['schema_version'],
      recordedAt: toApiTime(stored['recorded_at']),
      occurredAt: toApiTime(stored['occurred_at']),
      actor: stored['actor'],
      commandId: stored['command_id'],
      correlationId: stored['correlation_id'],
      causationId: stored['causation_id'],
      data: expect.objectContaining(data),
    });
  }
});

test('a filter by type finds what is read as the type, in pages, subscriptions and bridges', async () => {
  const read = (await readEvents()) as readonly ReadEvent[];
  for (const type of ['StopsReached', 'StopsReachedByPrice']) {
    const own = read.filter((event) => event.type === type).map(({ sequence }) => sequence);
    expect(own.length).toBeGreaterThan(0);
    for (const page of ['first: 1', 'last: 1', 'first: 9']) {
      const filter = `filter: { types: [${type}] }`;
      const query = `{ events(${page}, ${filter}) { nodes { sequence type } } }`;
      const { data } = await sendTo(server.url, query);
      const ends = { 'first: 1': own.slice(0, 1), 'last: 1': own.slice(-1), 'first: 9': own };
      const expected = ends[page as keyof typeof ends].map((sequence) => ({ sequence, type }));
      expect(data?.['events']?.['nodes']).toEqual(expected);
    }
    const live = subscribe<{ readonly events: { readonly event: ReadEvent | null } }>(
      server.url,
      `subscription { events(after: "0", filter: { types: [${type}] }) { event { sequence type } } }`,
    );
    const seen = () => live.frames.flatMap(({ events: { event } }) => (event ? [event] : []));
    await live.until(() => seen().length === own.length);
    expect(seen()).toEqual(own.map((sequence) => ({ sequence, type })));
    await live.cut();
    expect(await sequencesOfBridge(type)).toEqual(own);
  }
});

interface ReadEvent {
  readonly sequence: string;
  readonly type: string;
}

/** The sequences of the messages that a bridge with a filter by type sends. */
async function sequencesOfBridge(type: string): Promise<readonly string[]> {
  const { log, feed, keys } = server.engine;
  const filter = { types: [type] };
  const parts = { log, feed, keys, filter, ledger: 'ledger', definitions, limit: 100 };
  const source = openEventSource(parts, new AbortController().signal);
  const sequences: string[] = [];
  for (let end = 0; end < feed.tail(); ) {
    const page = await source.page(end, 1_000);
    if (page === null) break;
    for (const { attributes } of page.messages) {
      sequences.push(attributes['sequence'] ?? '');
      expect(attributes).toMatchObject({
        type: `daybook.${type}`,
        dataschema: toDataSchema(type, type === 'StopsReached' ? 2 : 1),
      });
    }
    end = page.end;
  }
  return sequences;
}

test('stored outcomes and command records are those of the older release', async () => {
  expect(await askRecords(server.url)).toEqual(older.records);
  expect(await repeatDeposit(server.url, older.recorded)).toEqual(older.repeated);
});

test('commands continue on its streams', async () => {
  const [accountId] = older.recorded.accountIds;
  const input = `accountId: "${accountId}", amount: "1.00"`;
  const command = `mutation { depositCash(input: { ${input} }) {
    ... on DepositCashPayload { account { balance version } } } }`;
  const account = `{ account(id: "${accountId}") { balance version } }`;
  const { data: before } = await sendTo(server.url, account);
  const { balance, version } = before?.['account'] ?? {};
  const cents = BigInt(String(balance).replace('.', '')) + 100n;
  const after = { balance: `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}` };
  const { data } = await sendTo(server.url, command);
  expect(data).toEqual({
    depositCash: { account: { ...after, version: Number(version) + 1 } },
  });
});

/** What the evolution of two types since then has made of a stored event. */
function toReadNow(stored: StoredRow): { readonly type: unknown; readonly data: StoredRow } {
  const { type } = stored;
  const data = Object.fromEntries(
    Object.entries(stored['data'] as StoredRow).filter(([, value]) => !isSealedText(value)),
  );
  if (type === 'SharesDeposited') {
    const { costPrice, ...others } = data;
    const cost = multiply(String(costPrice), String(data['quantity']));
    return { type, data: { ...others, cost } };
  }
  if (type !== 'StopsReached') return { type, data };
  if (data['price'] !== null) return { type: 'StopsReachedByPrice', data };
  const { price: _price, placedBy: _placedBy, ...reached } = data;
  return { type, data: reached };
}

/** Texts are sealed in the log and open in the API. */
function isSealedText(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'sealed' in value;
}

interface EventPage {
  readonly nodes: readonly object[];
  readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean };
}

async function readEvents(): Promise<readonly object[]> {
  const query = `query Q($after: String) { events(first: 500, after: $after) {
    pageInfo { endCursor hasNextPage } nodes { sequence eventId streamId version type schemaVersion
      recordedAt occurredAt actor commandId correlationId causationId data } } }`;
  const found: object[] = [];
  for (let after: string | null = null; ; ) {
    const { data, errors } = await sendTo(server.url, query, { after });
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    const page = data?.['events'] as EventPage | undefined;
    found.push(...(page?.nodes ?? []));
    if (page?.pageInfo.hasNextPage !== true) return found;
    after = page.pageInfo.endCursor;
  }
}
