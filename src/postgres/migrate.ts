import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { toClientConfig } from './client-config.ts';
import { DatabaseUnreachableError, toOneLine } from './errors.ts';

/** A migration failed, or the database was migrated by files that differ from ours. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code = 'MIGRATION_FAILED';
}

/**
 * Brings a database up to date with the SQL files of a directory ('0001_name.sql' and so on), each
 * in a transaction of its own, and gives the names of those it ran. Any number of processes may do
 * so at once: all but one wait. Refuses when a file that ran before was changed or is gone.
 */
export async function migrate(
  url: string,
  directory: string = defaultDirectory,
): Promise<readonly string[]> {
  const files = await readFiles(directory);
  const client = new pg.Client(toClientConfig({ url, applicationName: 'daybook migrate' }));
  client.on('error', () => {});
  try {
    await client.connect().catch((cause: unknown) => {
      throw new DatabaseUnreachableError(cause);
    });
    // Held by the session, so that it goes with the connection; the library's own does not wait.
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await assertUnchanged(client, files);
    const names = await runMigrations(client, directory);
    await recordChecksums(client, files);
    return names;
  } finally {
    await client.end();
  }
}

/** The package's own, from src/postgres/ as from dist/postgres/. */
const defaultDirectory = fileURLToPath(new URL('../../migrations', import.meta.url));
const table = 'schema_migrations';
const fileName = /^(\d{4}_[a-z0-9_]+)\.sql$/;
/** 'migrate' in ASCII, an arbitrary number that nothing else locks. */
const migrationLock = '30796665482998885';

type Checksums = ReadonlyMap<string, string>;

async function readFiles(directory: string): Promise<Checksums> {
  const checksums = new Map<string, string>();
  for (const file of await readdir(directory)) {
    const name = fileName.exec(file)?.[1];
    if (name === undefined) continue;
    const text = (await readFile(join(directory, file), 'utf8')).replaceAll('\r\n', '\n');
    checksums.set(name, createHash('sha256').update(text).digest('hex'));
  }
  return checksums;
}

async function runMigrations(client: pg.Client, dir: string): Promise<readonly string[]> {
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
      ignorePattern: `(?!${fileName.source.slice(1, -1)}$).*`,
      logger: { info, warn: () => {}, error: () => {} },
    });
    return done.map(({ name }) => name);
  } catch (cause) {
    const which = current === '' ? 'the migrations' : `migration ${current}`;
    throw new MigrationError(`${which} failed: ${toOneLine(cause)}`, { cause });
  }
}

/** The table is the library's; the checksum is a column of ours, empty for what it just added. */
async function assertUnchanged(client: pg.Client, files: Checksums): Promise<void> {
  const found = await client.query(`select to_regclass('public.${table}') is not null as made`);
  if (!(found.rows as { made: boolean }[])[0]?.made) return;
  await client.query(`alter table public.${table} add column if not exists checksum text`);
  const { rows } = await client.query(`select name, checksum from public.${table} order by id`);
  for (const { name, checksum } of rows as { name: string; checksum: string | null }[]) {
    const expected = files.get(name);
    if (expected === undefined) {
      throw new MigrationError(`the database has migration ${name}, which this version lacks`);
    }
    if (checksum !== null && checksum !== expected) {
      throw new MigrationError(`migration ${name} was changed after it ran; add a new one instead`);
    }
  }
}

async function recordChecksums(client: pg.Client, files: Checksums): Promise<void> {
  await client.query(`alter table public.${table} add column if not exists checksum text`);
  await client.query(
    `update public.${table} as ran set checksum = file.checksum
     from unnest($1::text[], $2::text[]) as file (name, checksum)
     where ran.name = file.name and ran.checksum is null`,
    [[...files.keys()], [...files.values()]],
  );
}
