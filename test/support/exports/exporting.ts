import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { type ExportOptions, exportLog } from '../../../src/exports/export-log.ts';
import { importLog } from '../../../src/exports/import-log.ts';
import { copyOut, withCopyConnection } from '../../../src/postgres/copy-out.ts';
import { batchOf, outcomeOf, pending } from '../batches.ts';
import { createOwner, runMutation } from '../people.ts';
import { createTestDatabase, runStatement, toDatabaseUrl } from '../postgres.ts';
import { type Run, trade } from '../random-trading.ts';
import { sql } from '../rows.ts';
import { startTestServer, type TestServer } from '../server.ts';

type Undo = (() => unknown)[];

/** A database without tables, which is dropped with the last step of `undo`. */
export async function createBlankDatabase(undo: Undo, options = ''): Promise<string> {
  const { url } = inject('postgres');
  const name = `daybook_blank_${process.pid}_${randomBytes(5).toString('hex')}`;
  await runStatement(url, `create database ${name} ${options}`);
  undo.push(() => runStatement(url, `drop database if exists ${name} with (force)`));
  return toDatabaseUrl(url, name);
}

export async function createFolder(undo: Undo): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'daybook-export-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const orders = {
  log_head: '1',
  events: 'sequence',
  command_batches: 'recorded_at',
  command_outcomes: 'actor, idempotency_key',
  command_terms: 'term, recorded_at',
  reactions: 'name',
  consumers: 'id',
  consumer_timers: 'consumer_id, key',
  bridges: 'id',
} as const;

/** The rows of every table that an export carries, as COPY prints them. */
export async function tablesOf(url: string): Promise<Readonly<Record<string, string>>> {
  const tables: Record<string, string> = {};
  for (const [table, order] of Object.entries(orders)) {
    const chunks: Buffer[] = [];
    const statement = `copy (select * from ${table} order by ${order}) to stdout`;
    for await (const chunk of copyOut(url, statement)) chunks.push(chunk);
    tables[table] = Buffer.concat(chunks).toString('utf8');
  }
  return tables;
}

/** Restores the keys of personal data from a copy that was kept apart, before the first start. */
export async function restoreKeys(from: string, to: string): Promise<void> {
  await withCopyConnection(to, async ({ query, copyIn }) => {
    await query({ name: 'truncate_keys', text: 'truncate personal_keys, ledger_keys' });
    for (const table of ['personal_keys', 'ledger_keys']) {
      for await (const chunk of copyOut(from, `copy ${table} to stdout`)) {
        await copyIn(`copy ${table} from stdin`, chunk);
      }
    }
  });
}

/** Exports with small files. */
export function exportSmall(url: string, directory: string, more: Partial<ExportOptions> = {}) {
  return exportLog({
    url,
    directory,
    after: null,
    program: 'test',
    signal: new AbortController().signal,
    onProgress() {},
    limits: { events: 50, characters: 1_000_000 },
    ...more,
  });
}

export function importAll(url: string, directory: string, signal = new AbortController().signal) {
  return importLog({ url, directory, signal, onProgress() {} });
}

/** A database whose server has stopped, with everything that a log can have. */
export interface RichLog {
  readonly url: string;
  readonly run: Run;
  /** The result of a command under a key, to compare with its replay. */
  readonly keyed: { readonly input: object; readonly answer: unknown };
  readonly rejected: { readonly input: object; readonly answer: unknown };
  /** A person with texts, and one who was forgotten. */
  readonly owners: readonly [remembered: string, forgotten: string];
}

/** Records trades, rejections, people, texts with every kind of character, and a bridge. */
export async function recordRichLog(undo: Undo, commands = 120): Promise<RichLog> {
  const { url, database, dispose } = await createTestDatabase();
  undo.push(dispose);
  // All test databases are copies of one, with one ledger.
  await sql(
    database,
    `with another as (select gen_random_uuid() as id),
       hashed as (select id, sha256(convert_to(id::text, 'UTF8')) as hash from another)
     update log_head set ledger = id, hash = hashed.hash, commands_hash = hashed.hash from hashed`,
  );
  const server = { ...(await startTestServer(url, database)), database, databaseUrl: url };
  const sender: Pick<TestServer, 'send' | 'database'> = { database, send: toSend(server.url) };
  const run = await trade(sender as TestServer, { seed: 7, clients: 4, commands });
  const [accountId = ''] = run.accounts;
  const input = { accountId, amount: '12.34', idempotencyKey: randomUUID(), reference: 'ünïcode' };
  const answer = await runMutation(sender, 'depositCash', input, 'account { balance }');
  const tooMuch = { accountId, amount: '999999999.00', idempotencyKey: randomUUID() };
  const refusal = await runMutation(sender, 'withdrawCash', tooMuch);
  const [remembered, forgotten] = [await createOwner(sender), await createOwner(sender)];
  await runMutation(sender, 'erasePerson', { personId: forgotten.personId, reason: 'asked' });
  await server.stop();
  const odd = 'tab\t newline\n return\r back\\slash \b\v\f\u0001 "quoted" ünï ‮𝄞';
  const data = { text: odd, ',"data":': [1.5, null, true, '\\N'], nested: { a: {} } };
  const given = { actor: odd, correlationId: odd, causationId: '\\N', data };
  const rejection = { code: 'ODD', message: odd, data };
  const outcomes = [outcomeOf(odd, { actor: odd, rejection }), outcomeOf('plain')];
  await server.engine.log.append(batchOf([pending(`odd-${odd}`, 1, given)], { outcomes }));
  await server.engine.log.append(batchOf([], { outcomes: [outcomeOf('no event')] }));
  await sql(
    database,
    `insert into bridges (name, kind, direction, checkpoint, begins_after, lanes, error)
     values ('nats', 'nats', 'OUT', 7, 3, '{"a": "7"}', 'a\\b')`,
  );
  await database.query({ name: 'clock_ahead', text: 'select sequence_at_each(array[now()])' });
  return {
    url,
    run,
    keyed: { input, answer },
    rejected: { input: tooMuch, answer: refusal },
    owners: [remembered.personId, forgotten.personId],
  };
}

/** Sends operations to a server over HTTP, without a check of the answers. */
export function toSend(url: string): TestServer['send'] {
  return async (query, variables = {}, headers = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as never;
  };
}
