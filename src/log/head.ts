import type { Executor, Query } from '../postgres/database.ts';

/** Sequence and time of the last event; 0 and null while the log is empty. */
export interface LogEnd {
  readonly sequence: number;
  readonly recordedAt: string | null;
}

/** The end of the log with what identifies it. */
export interface Head extends LogEnd {
  /** Null while the log is empty. */
  readonly lastEventId: string | null;
  /** Which history the log is: raised when commits that a process has read were lost. */
  readonly epoch: number;
}

const head: Query = {
  name: 'log_head',
  // Not a join: before its statistics are taken the one row of the head is planned as many, and the
  // events are all read to meet them.
  text: `select log_head.sequence, log_head.epoch, (
      select events.recorded_at from events where events.sequence = log_head.sequence
    ) as "recordedAt", (
      select events.id from events where events.sequence = log_head.sequence
    ) as "lastEventId" from log_head`,
};

export async function readHead(executor: Executor): Promise<Head> {
  const [row] = await executor.query<Head>(head);
  if (row === undefined) throw new Error('the log has no head: is the database migrated?');
  return row;
}

const lock: Query = {
  name: 'lock_head',
  text: 'select from log_head for update',
};

/** Keeps everybody else from appending until the transaction ends. */
export async function lockHead(executor: Executor): Promise<void> {
  await executor.query(lock);
}
