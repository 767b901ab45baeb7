import type { Executor, Query } from '../postgres/database.ts';
import { sqlStateOf } from '../postgres/errors.ts';
import { LogReplacedError } from './errors.ts';

/** The SQLSTATE with which a write is refused that rests on another history of the log. */
export const logReplacedState = 'DB006';

const raise: Query = {
  name: 'raise_log_epoch',
  text: 'select raise_log_epoch($1, $2) as epoch',
};

/**
 * Raises the epoch of the log if an event that was read under `epoch` is not in it, and nobody has
 * done so already. Gives the epoch as it is then.
 */
export async function raiseEpoch(
  executor: Executor,
  epoch: number,
  missingId: string,
): Promise<number> {
  const [row] = await executor.query<{ readonly epoch: number }>(raise, [epoch, missingId]);
  return row?.epoch ?? epoch;
}

/** Turns the database's refusal of another history into `LogReplacedError`; else gives the error. */
export function toReplacedError(error: unknown): unknown {
  return sqlStateOf(error) === logReplacedState ? new LogReplacedError() : error;
}
