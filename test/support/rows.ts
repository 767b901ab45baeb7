import type { Executor } from '../../src/postgres/database.ts';

let counter = 0;

/** Runs a statement and returns its rows. */
export function sql<Row>(
  executor: Executor,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  counter += 1;
  return executor.query<Row>({ name: `test_${counter}`, text }, values);
}

/** The number of rows in a table. */
export async function countOf(executor: Executor, table: string): Promise<number> {
  const [row] = await sql<{ count: number }>(executor, `select count(*) from ${table}`);
  return row?.count ?? Number.NaN;
}

/** The time by the database's clock. */
export async function clockOf(executor: Executor): Promise<string> {
  const [row] = await sql<{ now: string }>(executor, 'select clock_timestamp() as now');
  return row?.now ?? '';
}

/** The number of statements with `part` in their text that wait for a lock. */
export async function countWaiting(executor: Executor, part: string): Promise<number> {
  const [row] = await sql<{ count: number }>(
    executor,
    `select count(*) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
    [part],
  );
  return row?.count ?? 0;
}
