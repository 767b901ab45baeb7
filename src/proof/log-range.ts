import type { Executor, Query } from '../postgres/database.ts';
import type { ChainPosition } from './chain.ts';

/** The row of `log_head`. */
export interface StoredHead {
  readonly ledger: string;
  readonly sequence: number;
  readonly hash: string;
  readonly commandsHash: string;
  readonly chainedAfter: number;
}

const storedHead: Query = {
  name: 'stored_log_head',
  text: `select ledger, sequence, encode(hash, 'hex') as hash,
      encode(commands_hash, 'hex') as "commandsHash", chained_after as "chainedAfter"
    from log_head`,
};

/** Reads `log_head`. */
export async function readStoredHead(executor: Executor): Promise<StoredHead> {
  const [row] = await executor.query<StoredHead>(storedHead);
  if (row === undefined) throw new Error('the log has no head: is the database migrated?');
  return row;
}

/** The last batch of a range. */
interface RangeEnd {
  readonly at: string;
  readonly sequence: number;
}

const rangeEnd: Query = {
  name: 'verified_range_end',
  text: `with page as (
      select recorded_at, first_sequence + event_count - 1 as sequence,
        row_number() over (order by recorded_at) as number
      from command_batches where recorded_at > $1::timestamptz order by recorded_at limit $2
    )
    select recorded_at::text as at, sequence from page
    where (number = 1 or sequence <= $3::bigint) and exists (
      select from command_batches where command_batches.recorded_at > page.recorded_at
    )
    order by recorded_at desc limit 1`,
};

const batchesMax = 1_000;
const eventsMax = 10_000;

/** Where a part of the log ends that is checked in a moment; null: at the end of the log. */
export async function readRangeEnd(
  executor: Executor,
  { batchAt, sequence }: ChainPosition,
): Promise<RangeEnd | null> {
  const after = batchAt === '' ? '-infinity' : batchAt;
  const [row] = await executor.query<RangeEnd>(rangeEnd, [after, batchesMax, sequence + eventsMax]);
  return row ?? null;
}

/** The conditions of a range; the times are those that the database has printed. */
export function conditionsOf({ sequence, batchAt }: ChainPosition, end: RangeEnd | null) {
  const toEvent = end === null ? '' : `and sequence <= ${end.sequence}`;
  const toTime = end === null ? '' : `and recorded_at <= '${end.at}'`;
  return {
    ofEvents: `where sequence > ${sequence} ${toEvent}`,
    ofTimes: `where recorded_at > '${batchAt === '' ? '-infinity' : batchAt}' ${toTime}`,
  };
}
