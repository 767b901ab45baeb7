import type { Executor, Query } from '../postgres/database.ts';
import { ExportError } from './errors.ts';

const tables: Query = {
  name: 'tables_of_database',
  text: `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
};

/** The tables in which a log has left rows, or a program that has worked on it. */
const occupied = [
  'events',
  'command_batches',
  'command_outcomes',
  'command_terms',
  'reactions',
  'consumers',
  'bridges',
  'views',
  'stream_snapshots',
] as const;
const hasRows: ReadonlyMap<string, Query> = new Map(
  occupied.map((table) => [
    table,
    { name: `rows_of_${table}`, text: `select exists (select from ${table}) as found` },
  ]),
);

/**
 * Throws `ExportError` if anything has been recorded in the database, a server has worked on it, or
 * it is of another program. Changes nothing, so it may also be called before the migration.
 */
export async function assertEmpty(executor: Executor): Promise<void> {
  const names = (await executor.query<{ readonly name: string }>(tables)).map(({ name }) => name);
  if (names.length > 0 && !names.includes('log_head')) {
    throw new ExportError(
      'NOT_EMPTY',
      `the database is not empty: it has the table ${names[0]} of another program; ` +
        'import into a new database',
    );
  }
  for (const name of occupied) {
    const query = hasRows.get(name);
    if (query === undefined || !names.includes(name)) continue;
    const [row] = await executor.query<{ readonly found: boolean }>(query);
    if (row?.found !== true) continue;
    const what = name === 'events' ? 'events' : `rows in the table ${name}`;
    throw new ExportError(
      'NOT_EMPTY',
      `the database is not empty: it has ${what}; import into a new database`,
    );
  }
}
