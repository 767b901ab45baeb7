import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { migrate } from '../../src/postgres/migrate.ts';
import { runStatement, toDatabaseUrl } from '../support/postgres.ts';
import { withDatabase } from '../support/processing.ts';
import { sql } from '../support/rows.ts';

let directory: string;
let name: string;
let url: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daybook-functions-'));
  await mkdir(join(directory, 'functions'));
  name = `daybook_functions_${process.pid}_${Date.now()}`;
  await runStatement(inject('postgres').url, `create database ${name}`);
  url = toDatabaseUrl(inject('postgres').url, name);
  await writeFile(join(directory, '0001_first.sql'), 'create table first (id int);');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
  await runStatement(inject('postgres').url, `drop database ${name}`);
});

async function write(file: string, revision: number, body: string): Promise<void> {
  const text = `-- revision ${revision}
create or replace function ${file}() returns integer language sql as $$ ${body} $$;\n`;
  await writeFile(join(directory, 'functions', `${file}.sql`), text);
}

async function call(of: string): Promise<unknown> {
  const rows = await withDatabase(url, (database) => sql(database, `select ${of}() as answer`));
  return (rows[0] as { readonly answer: unknown }).answer;
}

async function applied(): Promise<readonly string[]> {
  const text = 'select name, revision from schema_functions order by name';
  const rows = await withDatabase(url, (database) =>
    sql<{ name: string; revision: number }>(database, text),
  );
  return rows.map((row) => `${row.name} ${row.revision}`);
}

test('functions are applied after the migrations and may use each other', async () => {
  await write('a', 1, 'select b() + (select count(*)::integer from first)');
  await write('b', 7, 'select 1');
  expect(await migrate(url, directory)).toEqual(['0001_first']);
  expect(await call('a')).toBe(1);
  expect(await applied()).toEqual(['a 1', 'b 7']);
});

test('a changed function is applied again, and an unchanged one is not', async () => {
  await write('a', 1, 'select 1');
  await write('b', 1, 'select 1');
  await migrate(url, directory);
  await runStatement(
    url,
    'create or replace function b() returns integer language sql as $$ select 8 $$',
  );
  await write('a', 1, 'select 2');
  await migrate(url, directory);
  expect([await call('a'), await call('b')]).toEqual([2, 8]);
  await write('a', 2, 'select 3');
  await migrate(url, directory);
  expect(await call('a')).toBe(3);
  expect(await applied()).toEqual(['a 2', 'b 1']);
});

test('a function of a later version is kept, even if this version lacks it', async () => {
  await write('a', 2, 'select 2');
  await write('b', 1, 'select 1');
  await migrate(url, directory);
  await write('a', 1, 'select 1');
  await rm(join(directory, 'functions', 'b.sql'));
  await migrate(url, directory);
  expect([await call('a'), await call('b')]).toEqual([2, 1]);
  expect(await applied()).toEqual(['a 2', 'b 1']);
});

test('a function that fails is named, and none of the functions change', async () => {
  await write('a', 1, 'select 1');
  await migrate(url, directory);
  await write('a', 2, 'select 2');
  await write('b', 1, '$$ broken $$');
  await expect(migrate(url, directory)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringMatching(/^function b failed: syntax error/),
  });
  expect(await call('a')).toBe(1);
  expect(await applied()).toEqual(['a 1']);
});

test('a file without a revision is named, and no file is run', async () => {
  await writeFile(join(directory, 'functions', 'a.sql'), 'select 1;');
  await expect(migrate(url, directory)).rejects.toThrow(/^function a has no line "-- revision N"/);
  await rm(join(directory, 'functions', 'a.sql'));
  expect(await migrate(url, directory)).toEqual(['0001_first']);
});

test('processes that race all succeed and apply each function once', async () => {
  await migrate(url, directory);
  await runStatement(url, 'create sequence applied');
  for (let index = 0; index < 10; index++) await write(`f${index}`, 1, `select ${index}`);
  const counted = `select pg_sleep(0.05), nextval('applied');`;
  await writeFile(join(directory, 'functions', 'counted.sql'), `-- revision 1\n${counted}`);
  await Promise.all([1, 2, 3, 4].map(() => migrate(url, directory)));
  const [row] = await withDatabase(url, (database) =>
    sql<{ last_value: number }>(database, 'select last_value from applied'),
  );
  expect(row?.last_value).toBe(1);
  expect(await call('f9')).toBe(9);
});
