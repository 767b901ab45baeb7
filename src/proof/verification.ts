import type { Executor, Query } from '../postgres/database.ts';
import type { ChainPosition } from './chain.ts';

/** What the servers have verified of the log in the background. */
export interface Verification {
  /** Up to where the log is verified; null: nothing is. */
  readonly position: ChainPosition | null;
  /** The last archived event, which is not verified any more; 0 if there is none. */
  readonly archived: number;
  /** When the verification from the first event on began. */
  readonly begunAt: string;
  /** The first fault, in one line; null if there is none. */
  readonly fault: string | null;
  readonly checkedAt: string;
  /** Whether a part is due. */
  readonly isDue: boolean;
  /** Whether the position is at the end of the log. */
  readonly isAtEnd: boolean;
  /** Whether the verification began so long ago that it has to begin again. */
  readonly isOld: boolean;
}

const verification: Query = {
  name: 'log_verification',
  text: `select position, begun_at as "begunAt", fault, checked_at as "checkedAt",
      (select archived_through from log_head) as archived,
      next_at <= clock_timestamp() as "isDue",
      coalesce(position ->> 'commandsHash' = (
        select encode(commands_hash, 'hex') from log_head
      ), false) as "isAtEnd",
      begun_at <= clock_timestamp() - interval '1 day' as "isOld"
    from log_verification`,
};

/** Reads what has been verified up to now. */
export async function readVerification(executor: Executor): Promise<Verification> {
  const [row] = await executor.query<Verification>(verification);
  if (row === undefined) throw new Error('log_verification has no row: is the database migrated?');
  return row;
}

const progress: Query = {
  name: 'log_verification_progress',
  text: `update log_verification set position = $1::json, fault = $2,
      checked_at = clock_timestamp(),
      next_at = clock_timestamp() + $3::float8 * interval '1 millisecond',
      begun_at = case when $4 then clock_timestamp() else begun_at end`,
};

/** What a part of the verification found. */
interface VerifiedPart {
  readonly position: ChainPosition | null;
  readonly fault: string | null;
  /** How long no server continues. */
  readonly pauseMs: number;
  /** Whether it was the first part. */
  readonly isFirst: boolean;
}

/** Records a part of the verification. */
export async function writeVerification(
  executor: Executor,
  { position, fault, pauseMs, isFirst }: VerifiedPart,
): Promise<void> {
  const text = position === null ? null : JSON.stringify(position);
  await executor.query(progress, [text, fault, pauseMs, isFirst]);
}
