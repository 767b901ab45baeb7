import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { toClientConfig } from './client-config.ts';
import { DatabaseUnreachableError, MigrationError, toOneLine } from './errors.ts';
import { applyFunctions, checksumOf, readFunctions, readSql } from './functions.ts';

/**
 * Brings a database up to date with the SQL files of a directory, and returns the names of the
 * migrations that it ran. First it runs the migrations ('0001_name.sql' and so on). Then it applies
 * the functions ('functions/name.sql') that are new or have changed. The later migrations and the
 * functions are one transaction: no running program finds new tables with former functions. Any
 * number of processes may do so at once: all but one wait.
 *
 * Throws `MigrationError` if a file fails, or if a migration was changed after it ran. A function
 * may change: an edit raises the revision in its file. If the database has a function with a higher
 * revision, a newer version of the program is being rolled out and this one has restarted; it keeps
 * the newer function, which serves both.
 *
 * A migration that a newer version has run is no obstacle, unless a line of its file begins with
 * `-- breaking`: versions that lack such a file refuse to start.
 */
export async function migrate(
  url: string,
  directory: string = defaultDirectory,
): Promise<readonly string[]> {
  const files = await readFiles(directory);
  const functions = await readFunctions(join(directory, 'functions'));
  const client = new pg.Client(toClientConfig({ url, applicationName: 'daybook migrate' }));
  client.on('error', () => {});
  try {
    await client.connect().catch((cause: unknown) => {
      throw new DatabaseUnreachableError(cause);
    });
    // This lock belongs to the session, so it ends with the connection. The library's own lock does
    // not wait.
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    const first = await runPart(client, directory, { ...parts.first, files });
    await client.query('begin');
    const later = await runPart(withoutTransactions(client), directory, { ...parts.later, files });
    await applyFunctions(client, functions);
    await client.query('commit');
    return [...first, ...later];
  } finally {
    // Ends a transaction that is still open, and the lock.
    await client.end();
  }
}

/** The connection for the library, which would begin and end separate transactions. */
function withoutTransactions(client: pg.Client): pg.Client {
  const query = (text: unknown, ...more: unknown[]): unknown =>
    typeof text === 'string' && /^(?:begin|commit|rollback);?$/i.test(text)
      ? Promise.resolve({ rows: [] })
      : Reflect.apply(client.query, client, [text, ...more]);
  return Object.create(client, { query: { value: query } }) as pg.Client;
}

type PartFiles = Part & { readonly files: Files };

/** Runs the migrations of a part that have not run, and returns their names. */
async function runPart(
  client: pg.Client,
  directory: string,
  { files, ...part }: PartFiles,
): Promise<readonly string[]> {
  const own = new Map([...files].filter(([name]) => part.pattern.test(name)));
  await assertKnown(client, part, own);
  if (own.size === 0) return [];
  const names = await runMigrations(client, directory, part);
  await recordFiles(client, part, own);
  return names;
}

/** The migrations of this package; the path is right from src/postgres/ and from dist/postgres/. */
const defaultDirectory = fileURLToPath(new URL('../../migrations', import.meta.url));
const fileName = /^(\d{4}_[a-z0-9_]+)\.sql$/;

/** Some of the migrations, and the table that says which of them have run. */
interface Part {
  readonly table: string;
  readonly pattern: RegExp;
}

/**
 * Release 0.1.0 refuses a database whose table names a migration that it lacks, although it can run
 * alongside migrations that only add. It has the files up to 0009. The later ones are in another
 * table, so that release 0.1.0 can restart while a newer one is being rolled out.
 */
const parts: Readonly<Record<'first' | 'later', Part>> = {
  first: { table: 'schema_migrations', pattern: /^000\d_[a-z0-9_]+$/ },
  later: { table: 'later_schema_migrations', pattern: /^(?!000)\d{4}_[a-z0-9_]+$/ },
};

/** 'migrate' in ASCII, an arbitrary number that nothing else locks. */
const migrationLock = '30796665482998885';

interface MigrationFile {
  readonly checksum: string;
  /** Whether versions that lack the migration can work on a database on which it has run. */
  readonly isCompatible: boolean;
}

type Files = ReadonlyMap<string, MigrationFile>;

async function readFiles(directory: string): Promise<Files> {
  const files = new Map<string, MigrationFile>();
  for (const file of await readdir(directory)) {
    const name = fileName.exec(file)?.[1];
    if (name === undefined) continue;
    const text = await readSql(join(directory, file));
    files.set(name, { checksum: checksumOf(text), isCompatible: !/^-- breaking\b/m.test(text) });
  }
  return files;
}

async function runMigrations(
  client: pg.Client,
  dir: string,
  { table, pattern }: Part,
): Promise<readonly string[]> {
  let current = '';
  const info = (line: string) => {
    current = /### MIGRATION (\S+)/.exec(line)?.[1] ?? current;
  };
  try {
    const done = await runner({
      dbClient: client,
      noLock: true,
      direction: 'up',
      dir,
      migrationsTable: table,
      ignorePattern: `(?!${pattern.source.slice(1, -1)}\\.sql$).*`,
      logger: { info, warn: () => {}, error: () => {} },
    });
    return done.map(({ name }) => name);
  } catch (cause) {
    const which = current === '' ? 'the migrations' : `migration ${current}`;
    throw new MigrationError(`${which} failed: ${toOneLine(cause)}`, { cause });
  }
}

/**
 * Throws `MigrationError` if a migration was changed after it ran, or if this version lacks one
 * that is not recorded as compatible. The library owns the table. Two columns are ours; they are
 * null in a row that the library has just added, and null does not count as compatible.
 */
async function assertKnown(client: pg.Client, { table }: Part, files: Files): Promise<void> {
  const found = await client.query(`select to_regclass('public.${table}') is not null as made`);
  if (!(found.rows as { made: boolean }[])[0]?.made) return;
  await addColumns(client, table);
  const ran = await client.query(
    `select name, checksum, compatible from public.${table} order by id`,
  );
  for (const { name, checksum, compatible } of ran.rows as RanMigration[]) {
    const expected = files.get(name)?.checksum;
    if (expected === undefined && compatible !== true) {
      const lack = `the database has migration ${name}, which this version lacks`;
      throw new MigrationError(`${lack} and cannot work with: start a newer version`);
    }
    if (expected !== undefined && checksum !== null && checksum !== expected) {
      throw new MigrationError(`migration ${name} was changed after it ran; add a new one instead`);
    }
  }
}

interface RanMigration {
  readonly name: string;
  readonly checksum: string | null;
  readonly compatible: boolean | null;
}

async function addColumns(client: pg.Client, table: string): Promise<void> {
  await client.query(
    `alter table public.${table} add column if not exists checksum text,
       add column if not exists compatible boolean`,
  );
}

async function recordFiles(client: pg.Client, { table }: Part, files: Files): Promise<void> {
  await addColumns(client, table);
  const all = [...files.values()];
  await client.query(
    `update public.${table} as ran set checksum = file.checksum, compatible = file.compatible
     from unnest($1::text[], $2::text[], $3::boolean[]) as file (name, checksum, compatible)
     where ran.name = file.name and (ran.checksum is null or ran.compatible is null)`,
    [
      [...files.keys()],
      all.map(({ checksum }) => checksum),
      all.map(({ isCompatible }) => isCompatible),
    ],
  );
}
