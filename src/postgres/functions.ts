import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { MigrationError, toOneLine } from './errors.ts';

/** A file `<name>.sql` with one `create or replace function`, in its current form. */
interface FunctionFile {
  readonly name: string;
  /** The number in its line `-- revision N`: a file whose text changes gets a higher one. */
  readonly revision: number;
  readonly text: string;
  readonly checksum: string;
}

/**
 * Reads the function files of a directory, by name. Throws `MigrationError` for a file without a
 * revision.
 */
export async function readFunctions(directory: string): Promise<readonly FunctionFile[]> {
  const names = (await readdir(directory)).flatMap((file) => fileName.exec(file)?.[1] ?? []);
  return Promise.all(names.toSorted().map((name) => readFunction(directory, name)));
}

async function readFunction(directory: string, name: string): Promise<FunctionFile> {
  const text = await readSql(join(directory, `${name}.sql`));
  const revision = /^-- revision ([1-9]\d{0,8})$/m.exec(text)?.[1];
  if (revision === undefined) {
    throw new MigrationError(`function ${name} has no line "-- revision N" in its file`);
  }
  return { name, revision: Number(revision), text, checksum: checksumOf(text) };
}

const fileName = /^([a-z][a-z0-9_]*)\.sql$/;

/** The text of a SQL file, the same on every system. */
export async function readSql(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replaceAll('\r\n', '\n');
}

/** Two texts of a SQL file are the same if their checksums are the same. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Creates or replaces the functions that the database lacks or has in another form, and returns
 * their names. Throws `MigrationError` if one fails.
 *
 * A function that has a higher revision in the database stays as it is: a newer version of the
 * program is being rolled out, and this one has restarted. Its functions serve this version too,
 * because a function keeps its name, parameters and meaning until no program calls it. The caller
 * holds the migration lock and has begun a transaction.
 */
export async function applyFunctions(
  client: pg.Client,
  files: readonly FunctionFile[],
): Promise<readonly string[]> {
  let current = 'the functions';
  try {
    await client.query(createTable);
    const applied = await readApplied(client);
    // A body may call a function that is created later; a test has PostgreSQL check each body.
    await client.query('set local check_function_bodies = off');
    const due = files.filter((file) => isDue(file, applied.get(file.name)));
    for (const file of due) {
      current = `function ${file.name}`;
      await client.query(file.text);
      await client.query(record, [file.name, file.revision, file.checksum]);
    }
    return due.map(({ name }) => name);
  } catch (cause) {
    throw new MigrationError(`${current} failed: ${toOneLine(cause)}`, { cause });
  }
}

type AppliedFunction = Pick<FunctionFile, 'name' | 'revision' | 'checksum'>;

function isDue(file: FunctionFile, applied: AppliedFunction | undefined): boolean {
  if (applied === undefined || applied.revision < file.revision) return true;
  return applied.revision === file.revision && applied.checksum !== file.checksum;
}

const createTable = `create table if not exists public.schema_functions (
  name text collate "C" not null,
  revision integer not null,
  checksum text not null,
  constraint schema_functions_pkey primary key (name)
)`;

async function readApplied(client: pg.Client): Promise<ReadonlyMap<string, AppliedFunction>> {
  const { rows } = await client.query(
    'select name, revision, checksum from public.schema_functions',
  );
  return new Map((rows as AppliedFunction[]).map((row) => [row.name, row]));
}

const record = `insert into public.schema_functions (name, revision, checksum) values ($1, $2, $3)
  on conflict on constraint schema_functions_pkey
  do update set revision = excluded.revision, checksum = excluded.checksum`;
