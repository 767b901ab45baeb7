import type { Executor, Query } from '../postgres/database.ts';
import { sqlStateOf } from '../postgres/errors.ts';
import { LogReplacedError } from './errors.ts';

/** The SQLSTATE of a write that is based on another history of the log. */
export const logReplacedState = 'DB006';

const raise: Query = {
  name: 'raise_log_epoch',
  text: 'select raise_log_epoch($1, $2) as epoch',
};

/**
 * Raises the epoch of the log if an event that was read under `epoch` is missing and no process has
 * raised the epoch yet. Returns the resulting epoch.
 */
export async function raiseEpoch(
  executor: Executor,
  epoch: number,
  missingId: string,
): Promise<number> {
  const [row] = await executor.query<{ readonly epoch: number }>(raise, [epoch, missingId]);
  return row?.epoch ?? epoch;
}

/**
 * Maps the database's error for another history to `LogReplacedError`; returns other errors as is.
 */
export function toReplacedError(error: unknown): unknown {
  return sqlStateOf(error) === logReplacedState ? new LogReplacedError() : error;
}
