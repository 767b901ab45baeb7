import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyOut, withCopyConnection } from '../../src/postgres/copy-out.ts';
import {
  DatabaseUnreachableError,
  isConnectionLost,
  sqlStateOf,
} from '../../src/postgres/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { sql } from '../support/rows.ts';
import { until } from '../support/until.ts';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});

afterAll(() => testDatabase.dispose());

const large = `copy (select n, repeat('x', 1000) from generate_series(1, 50000) as n) to stdout`;
const failing = 'copy (select 1 / (50000 - n) from generate_series(1, 60000) as n) to stdout';

async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const read: Buffer[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read).toString();
}

/** The sessions of COPY that the server has. */
async function sessions(): Promise<number> {
  const [row] = await sql<{ count: number }>(
    testDatabase.database,
    `select count(*) from pg_stat_activity
     where datname = current_database() and application_name = 'daybook copy'`,
  );
  return row?.count ?? Number.NaN;
}

test('every row of a large result is read once, in order', async () => {
  const lines = (await textOf(copyOut(testDatabase.url, large))).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines).toHaveLength(50_000);
  expect(lines.every((line, index) => line === `${index + 1}\t${'x'.repeat(1000)}`)).toBe(true);
  await until(async () => (await sessions()) === 0);
});

test('a slow reader holds the server back instead of filling memory', async () => {
  const before = process.memoryUsage().arrayBuffers;
  const chunks = copyOut(testDatabase.url, large);
  await chunks.next();
  await until(async () => {
    const waiting = await sql(
      testDatabase.database,
      `select from pg_stat_activity
       where application_name = 'daybook copy' and wait_event = 'ClientWrite'`,
    );
    return waiting.length === 1;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  await chunks.return();
  await until(async () => (await sessions()) === 0);
});

test('an error in the middle of a result is thrown, and the connection stays good', async () => {
  await withCopyConnection(testDatabase.url, async (connection) => {
    const error = await textOf(connection.copyOut(failing)).catch((thrown: unknown) => thrown);
    expect(sqlStateOf(error)).toBe('22012');
    expect(await textOf(connection.copyOut(`copy (select 'a') to stdout`))).toBe('a\n');
    expect(await sql(connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

test('several results of one transaction are of one moment', async () => {
  const { url, database } = testDatabase;
  await sql(database, 'create table copied (n integer)');
  await withCopyConnection(url, async (connection) => {
    await sql(connection, 'begin isolation level repeatable read read only');
    expect(await textOf(connection.copyOut('copy copied to stdout'))).toBe('');
    await sql(database, 'insert into copied values (1)');
    expect(await textOf(connection.copyOut('copy copied to stdout'))).toBe('');
  });
  expect(await textOf(copyOut(url, 'copy copied to stdout'))).toBe('1\n');
});

test('a connection that is lost in the middle of a result throws', async () => {
  const chunks = copyOut(testDatabase.url, large);
  await chunks.next();
  await sql(
    testDatabase.database,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'daybook copy' and datname = current_database()`,
  );
  const error = await textOf(chunks).catch((thrown: unknown) => thrown);
  expect(isConnectionLost(error)).toBe(true);
});

test('a statement after a reader that left early fails instead of waiting', async () => {
  await withCopyConnection(testDatabase.url, async (connection) => {
    for await (const _chunk of connection.copyOut(large)) break;
    await expect(sql(connection, 'select 1')).rejects.toThrow();
  });
  await until(async () => (await sessions()) === 0);
});

test('a database that is not there is reported as unreachable', async () => {
  const chunks = copyOut('postgres://postgres@127.0.0.1:1/none', large);
  await expect(chunks.next()).rejects.toBeInstanceOf(DatabaseUnreachableError);
});
