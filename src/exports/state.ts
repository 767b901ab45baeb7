import type { CopyConnection } from '../postgres/copy-out.ts';
import { copyRows } from '../postgres/copy-rows.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { toCopyLine } from './copy-text.ts';

/**
 * The tables that are carried with the log. The reactions of programs do not follow from it, nor
 * does where a bridge has begun. The checkpoints and timers of consumers would follow from it, but
 * only by reading all of it again.
 *
 * Everything else follows from the log, such as views and snapshots, or must stay apart: the keys
 * of personal data.
 */
const tables = {
  reactions: 'name, first_seen_at, first_seen_after',
  consumers: 'id, name, version, checkpoint, error',
  consumer_timers: 'consumer_id, key, due_at, event_id, correlation_id, try_at, failures, error',
  bridges:
    'id, name, kind, direction, checkpoint, begins_after, lanes, delivered, waiting, paused, ' +
    'working, parked, error, failing_since, retries',
} as const;

/** The JSON lines of the rows that are carried: each has the name of the table and the row. */
export async function* stateLines(
  connection: Pick<CopyConnection, 'copyOut'>,
): AsyncGenerator<string, void, undefined> {
  for (const [table, columns] of Object.entries(tables)) {
    const rows = copyRows(
      connection,
      `select row_to_json(one)::text from (select ${columns} from ${table} order by 1, 2) as one`,
    );
    for await (const group of rows) {
      yield group.map(([row]) => `{"kind":"${table}","row":${row}}\n`).join('');
    }
  }
}

const prepare: Query = {
  name: 'prepare_state',
  text: 'create temporary table imported_state (line json not null) on commit drop',
};
const clear: Query = {
  name: 'clear_state',
  text: 'truncate reactions, consumers, consumer_timers, bridges',
};
const insert: readonly Query[] = Object.entries(tables).map(([table, columns]) => ({
  name: `insert_${table}`,
  text: `insert into ${table} (${columns}) overriding system value
    select ${columns
      .split(', ')
      .map((name) => `stored.${name}`)
      .join(', ')}
    from imported_state, json_populate_record(null::${table}, line -> 'row') as stored
    where line ->> 'kind' = '${table}'`,
}));
/** Later rows get later ids. */
const reserve: readonly Query[] = ['consumers', 'bridges'].map((table) => ({
  name: `reserve_${table}`,
  text: `select setval(pg_get_serial_sequence('${table}', 'id'), max(id)) from ${table}
    having max(id) is not null`,
}));

/** Puts back the rows of `stateLines`, in the transaction of the caller. */
export async function loadState(
  connection: Executor & Pick<CopyConnection, 'copyIn'>,
  lines: AsyncIterable<readonly string[]>,
): Promise<void> {
  await connection.query(prepare);
  for await (const group of lines) {
    const text = group.map((line) => `${toCopyLine([line])}\n`).join('');
    await connection.copyIn('copy imported_state from stdin', Buffer.from(text));
  }
  await connection.query(clear);
  for (const query of [...insert, ...reserve]) await connection.query(query);
}
