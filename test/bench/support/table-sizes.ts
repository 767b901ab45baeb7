import type { Executor } from '../../../src/postgres/database.ts';

/** The bytes of every table, with its indexes and what is stored beside it. */
export async function bytesOf(executor: Executor): Promise<ReadonlyMap<string, number>> {
  const rows = await executor.query<{ table: string; bytes: number }>({
    name: 'bench_table_sizes',
    text: `select relname as table, pg_total_relation_size(oid) as bytes from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  });
  return new Map(rows.map(({ table, bytes }) => [table, bytes]));
}

export async function eventCountOf(executor: Executor): Promise<number> {
  const [row] = await executor.query<{ count: number }>({
    name: 'bench_event_count',
    text: 'select count(*) from events',
  });
  return row?.count ?? 0;
}
