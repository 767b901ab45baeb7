import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createDatabase } from '../../src/postgres/database.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { runStatement, toDatabaseUrl } from '../support/postgres.ts';
import { silentLogger } from '../support/silent-logger.ts';

let directory: string;
let name: string;
let url: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'daybook-migrations-'));
  await mkdir(join(directory, 'functions'));
  name = `daybook_migrate_${process.pid}_${Date.now()}`;
  await runStatement(inject('postgres').url, `create database ${name}`);
  url = toDatabaseUrl(inject('postgres').url, name);
  await write('0001_first', 'create table first (id int);\ninsert into first values (1);');
  await write('0002_second', 'insert into first values (2);');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
  await runStatement(inject('postgres').url, `drop database ${name}`);
});

function write(file: string, text: string): Promise<void> {
  return writeFile(join(directory, `${file}.sql`), text);
}

async function ids(): Promise<readonly number[]> {
  const database = createDatabase({ url, applicationName: 'test', log: silentLogger });
  const query = { name: 'ids', text: 'select id from first order by id' };
  const rows = await database.query<{ id: number }>(query).finally(() => database.stop());
  return rows.map(({ id }) => id);
}

async function namesIn(table: string): Promise<readonly string[]> {
  const database = createDatabase({ url, applicationName: 'test', log: silentLogger });
  const query = { name: 'names', text: `select name from ${table} order by id` };
  const rows = await database.query<{ name: string }>(query).finally(() => database.stop());
  return rows.map(({ name: ran }) => ran);
}

test('migrations run once and in order', async () => {
  await writeFile(join(directory, 'README.md'), 'not a migration');
  expect(await migrate(url, directory)).toEqual(['0001_first', '0002_second']);
  expect(await migrate(url, directory)).toEqual([]);
  await write('0003_third', 'insert into first values (3)');
  expect(await migrate(url, directory)).toEqual(['0003_third']);
  expect(await ids()).toEqual([1, 2, 3]);
});

test('processes that race on an empty database all succeed and run each file once', async () => {
  await write('0003_slow', 'select pg_sleep(0.1); insert into first values (3);');
  const done = await Promise.all([1, 2, 3, 4].map(() => migrate(url, directory)));
  expect(done.flat().toSorted()).toEqual(['0001_first', '0002_second', '0003_slow']);
  expect(await ids()).toEqual([1, 2, 3]);
});

test('a migration that fails is named, and only the earlier ones stay applied', async () => {
  await write('0003_third', 'insert into first values (3); select 1 / 0;');
  await expect(migrate(url, directory)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: 'migration 0003_third failed: division by zero',
  });
  expect(await ids()).toEqual([1, 2]);
  await write('0003_third', 'insert into first values (4);');
  expect(await migrate(url, directory)).toEqual(['0003_third']);
});

test('a migration that was changed after it ran is refused', async () => {
  await migrate(url, directory);
  await write('0002_second', 'insert into first values (20);');
  await expect(migrate(url, directory)).rejects.toThrow(/0002_second was changed after it ran/);
});

test.each(['0003_third', '0010_tenth'])(
  'a compatible migration %s of a later version is no obstacle',
  async (name) => {
    await write(name, 'insert into first values (3);');
    await migrate(url, directory);
    await rm(join(directory, `${name}.sql`));
    expect(await migrate(url, directory)).toEqual([]);
    expect(await ids()).toEqual([1, 2, 3]);
  },
);

test.each(['0003_third', '0010_tenth'])(
  'a breaking migration %s of a later version is refused',
  async (name) => {
    await write(
      name,
      '-- breaking: the column has another meaning.\ninsert into first values (3);',
    );
    await migrate(url, directory);
    expect(await migrate(url, directory)).toEqual([]);
    await rm(join(directory, `${name}.sql`));
    const message = `the database has migration ${name}, which this version lacks and cannot work with`;
    await expect(migrate(url, directory)).rejects.toThrow(message);
  },
);

test('a later migration without a recorded compatibility is refused', async () => {
  await write('0010_tenth', 'select 1;');
  await migrate(url, directory);
  await runStatement(url, 'update later_schema_migrations set compatible = null');
  await rm(join(directory, '0010_tenth.sql'));
  await expect(migrate(url, directory)).rejects.toThrow(/0010_tenth, which this version lacks/);
});

test('release 0.1.0 finds only its own migrations in its table', async () => {
  await write('0010_tenth', 'insert into first values (10);');
  await write('0011_eleventh', 'insert into first values (11);');
  const ran = ['0001_first', '0002_second', '0010_tenth', '0011_eleventh'];
  expect(await migrate(url, directory)).toEqual(ran);
  expect(await ids()).toEqual([1, 2, 10, 11]);
  expect(await namesIn('schema_migrations')).toEqual(ran.slice(0, 2));
  expect(await namesIn('later_schema_migrations')).toEqual(ran.slice(2));
});

test('a migration that sorts before one that ran is refused', async () => {
  await migrate(url, directory);
  await write('0001_a', 'select 1;');
  await expect(migrate(url, directory)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' });
});
