import type { Executor, Query } from '../postgres/database.ts';
import { run } from './parts.ts';

// A part that was frozen says so by its setting.
const closed: Query = {
  name: 'closed_parts',
  text: `select relname as name from (
      select relname, reloptions, regexp_match(
        pg_get_expr(relpartbound, oid), $$TO \\('(\\d+)'\\)$$
      ) as bounds
      from pg_class join pg_inherits on inhrelid = oid
      where inhparent = 'events'::regclass
    ) as part
    where bounds[1]::bigint <= (select sequence from log_head) + 1
      and not coalesce(reloptions @> array['autovacuum_enabled=false'], false)
    order by 1`,
};

/**
 * Freezes the rows of each part of the log that gets no more events, once: no vacuum has to read
 * them again. Returns how many parts were frozen. The connection must not be in a transaction.
 */
export async function freezeClosedParts(executor: Executor): Promise<number> {
  const parts = await executor.query<{ readonly name: string }>(closed);
  for (const { name } of parts) {
    await run(executor, `vacuum (freeze, analyze) ${name}`);
    await run(executor, `alter table ${name} set (autovacuum_enabled = false)`);
  }
  return parts.length;
}
