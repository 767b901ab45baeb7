import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Database } from '../../src/postgres/database.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { breakingStatementsOf } from '../support/breaking-statements.ts';
import {
  bodyOf,
  functionFaults,
  functionTexts,
  previousFunctionTexts,
} from '../support/function-files.ts';
import {
  createTestDatabase,
  runStatement,
  type TestDatabase,
  toDatabaseUrl,
} from '../support/postgres.ts';
import { previousReleaseFault } from '../support/previous-release.ts';
import { withDatabase } from '../support/processing.ts';
import { sql } from '../support/rows.ts';

const migrations = path.resolve(import.meta.dirname, '../../migrations');
const texts = functionTexts();

/** Functions of migrations that have no file: only the previous release calls them. */
const keptForPrevious = [
  'append_events(uuid,jsonb,jsonb,jsonb)',
  'sequence_at(timestamp with time zone)',
  'hold_places(integer[],text[],text[],text[],text[])',
  // Only the former text of advance_views called these. A later migration can drop them.
  'begin_block(bigint,text,text,bigint,bigint)',
  'refit_blocks(bigint,text,text,bigint[],bigint,integer)',
  'relist_blocks(bigint,view_block_range,bigint[],bigint[],bigint)',
];

let testDatabase: TestDatabase;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.dispose());

interface FunctionRow {
  readonly name: string;
  readonly signature: string;
  readonly body: string;
}

/** The functions of a database that have, or should have, a file. */
async function functionsOf(database: Database): Promise<readonly FunctionRow[]> {
  const rows = await sql<FunctionRow>(
    database,
    `select proname as name, oid::regprocedure::text as signature, prosrc as body
     from pg_proc where pronamespace = 'public'::regnamespace and prokind = 'f' and not exists (
       select from pg_depend
       where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e'
     ) order by proname`,
  );
  const signatures = rows.map(({ signature }) => signature);
  expect(signatures).toEqual(expect.arrayContaining(keptForPrevious));
  return rows.filter(({ signature }) => !keptForPrevious.includes(signature));
}

async function expectFunctionsOfFiles(database: Database): Promise<void> {
  const found = (await functionsOf(database)).map(({ name, body }) => [name, body]);
  expect(found).toEqual([...texts].map(([name, text]) => [name, bodyOf(text)]).toSorted());
}

test('every function of a migrated database equals that of its file', () =>
  expectFunctionsOfFiles(testDatabase.database));

test('a database that has run only the migrations gets the functions of the files', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-functions-'));
  const name = `daybook_functions_${process.pid}_${Date.now()}`;
  await runStatement(inject('postgres').url, `create database ${name}`);
  const url = toDatabaseUrl(inject('postgres').url, name);
  try {
    const filter = (source: string) => path.basename(source) !== 'functions';
    await cp(migrations, directory, { recursive: true, filter });
    await mkdir(path.join(directory, 'functions'));
    await migrate(url, directory);
    await withDatabase(url, async (database) => {
      expect((await functionsOf(database)).map((row) => row.name)).not.toContain('never_ends');
      expect(await migrate(url)).toEqual([]);
      await expectFunctionsOfFiles(database);
    });
  } finally {
    await rm(directory, { recursive: true });
    await runStatement(inject('postgres').url, `drop database ${name} with (force)`);
  }
});

test.each([...texts])('%s.sql contains one function, with its contract before it', (name, text) => {
  expect(breakingStatementsOf(text)).toEqual([
    `other function: create or replace function ${name}`,
  ]);
  expect(text).toMatch(/^-- [A-Z](?:.*\n--)+ revision \d+\ncreate or replace function /);
  expect(text.match(/^\$\$;$/gm)).toHaveLength(1);
  expect(bodyOf(text)).not.toBe('');
  expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

test('PostgreSQL accepts the body of every function', async () => {
  // Unlike the migration, the session has PostgreSQL check bodies.
  for (const text of texts.values()) await runStatement(testDatabase.url, text);
});

test('never_ends is a constant in query plans, and the only definition of its number', async () => {
  const plan = await sql<{ 'QUERY PLAN': string }>(
    testDatabase.database,
    'explain select * from view_entries where to_sequence = never_ends()',
  );
  expect(JSON.stringify(plan)).toContain("(to_sequence = '9223372036854775807'::bigint)");
  const holders = [...texts].filter(([, text]) => text.includes('9223372036854775807'));
  expect(holders.map(([name]) => name)).toEqual(['never_ends']);
  const defaults = await sql(
    testDatabase.database,
    `select distinct column_default = never_ends()::text or column_default
         = quote_literal(never_ends()) || '::bigint' as "isSame"
     from information_schema.columns
     where table_schema = 'public' and column_name = 'to_sequence'`,
  );
  expect(defaults).toEqual([{ isSame: true }]);
});

const fault = previousReleaseFault();
test.skipIf(fault !== null)(
  `a changed function has a higher revision${fault === null ? '' : ` (skipped: ${fault})`}`,
  () => {
    expect(functionFaults(previousFunctionTexts(), texts)).toEqual([]);
  },
);

const old =
  '-- Adds.\n-- revision 2\ncreate or replace function add(a int) returns int language sql as $$\n$$;\n';

test.each([
  ['the same', old, []],
  ['changed and raised', old.replace('Adds', 'Sums').replace('revision 2', 'revision 3'), []],
  ['changed alone', old.replace('Adds', 'Sums'), ['add: changed, but its revision is not']],
  ['lowered', old.replace('revision 2', 'revision 1'), ['add: changed, but its revision is not']],
  [
    'of other parameters',
    old.replace('a int', 'a int, b int').replace('revision 2', 'revision 3'),
    ['add: another signature'],
  ],
])('a function that is %s is checked', (_how, text, faults) => {
  expect(functionFaults(new Map([['add', old]]), new Map([['add', text]]))).toEqual(faults);
});

test('a function of the previous release cannot be removed', () => {
  const faults = ['add: the release before has it'];
  expect(functionFaults(new Map([['add', old]]), new Map())).toEqual(faults);
});
