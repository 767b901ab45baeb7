import type { Executor, Query } from '../postgres/database.ts';
import type { LogHead } from './signed-head.ts';

/** The head of the log now, and whether the log has an earlier one. */
interface HeadRow extends Omit<LogHead, 'batchAt'> {
  /** Null if nothing has been recorded. */
  readonly batchAt: string | null;
  readonly has: boolean;
}

const signedHead: Query = {
  name: 'signed_head',
  // One statement, so that all of it is of one moment.
  text: `select ledger, epoch, sequence, encode(hash, 'hex') as hash,
      encode(commands_hash, 'hex') as "commandsHash",
      (select recorded_at::text from command_batches order by recorded_at desc limit 1)
        as "batchAt",
      ($1::bigint <= archived_through or exists (
        select from events where sequence = $1 and encode(hash, 'hex') = $2
      )) and exists (
        select from command_batches
        where recorded_at = $3::timestamptz and encode(hash, 'hex') = $4
      ) as has
    from log_head`,
};

type EarlierHead = Pick<LogHead, 'sequence' | 'hash' | 'commandsHash'> & {
  /** Empty if there was no batch. */
  readonly batchAt: string;
};

/**
 * Reads the head of the log; `has` of the result: whether the log has the earlier head. Of archived
 * events, the hash of the batch shows it.
 */
export async function readHead(executor: Executor, earlier: EarlierHead | null): Promise<HeadRow> {
  const { sequence = 0, hash = '', batchAt = '', commandsHash = '' } = earlier ?? {};
  const values = [sequence, hash, batchAt || '-infinity', commandsHash];
  const [row] = await executor.query<HeadRow>(signedHead, values);
  if (row === undefined) throw new Error('the log has no head: is the database migrated?');
  return row;
}
