import { createHash } from 'node:crypto';
import type { Executor } from '../../src/postgres/database.ts';
import { sql } from './rows.ts';

/** The tables of the program, by name. */
async function tablesOf(executor: Executor): Promise<readonly string[]> {
  const rows = await sql<{ name: string }>(
    executor,
    `select quote_ident(tablename) as name from pg_tables where schemaname = 'public'
     order by tablename`,
  );
  return rows.map(({ name }) => name);
}

/**
 * The places at which a text is in the database, as "table: row". Every row of every table is
 * searched as text, bytes also as the text that they encode.
 */
export async function findText(executor: Executor, text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const table of await tablesOf(executor)) {
    const rows = await sql<{ row: string }>(
      executor,
      `select row_text as row from (select t::text as row_text from ${table} as t) as texts
       where position(lower($1) in lower(row_text)) > 0
         or position(encode(convert_to($1, 'UTF8'), 'hex') in row_text) > 0`,
      [text],
    );
    found.push(...rows.map(({ row }) => `${table}: ${row.slice(0, 300)}`));
  }
  return found;
}

/** A hash of every byte of the log up to a sequence number. */
export async function hashOfLog(executor: Executor, head: number): Promise<string> {
  const rows = await sql<{ row: string }>(
    executor,
    'select t::text as row from events as t where sequence <= $1 order by sequence',
    [head],
  );
  const hash = createHash('sha256');
  for (const { row } of rows) hash.update(row).update('\n');
  return hash.digest('hex');
}
