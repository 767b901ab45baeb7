import type { Database } from './postgres/database.ts';

/** The connections of an engine, by their purpose. */
export interface Pools {
  readonly database: Database;
  readonly writer: Database;
  readonly readers: Database;
  readonly keeper: Database;
  /** All pools, each once. */
  readonly all: ReadonlySet<Database>;
}

/** Takes the connections of `database` for every purpose that has no separate ones. */
export function poolsOf({
  database,
  writer = database,
  readers = database,
  keeper = database,
}: Partial<Pools> & Pick<Pools, 'database'>): Pools {
  const all = new Set([database, readers, keeper, writer]);
  return { database, writer, readers, keeper, all };
}
