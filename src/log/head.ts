import type { Executor, Query } from '../postgres/database.ts';

/** The sequence and time of the last event; 0 and null if the log is empty. */
export interface LogEnd {
  readonly sequence: number;
  readonly recordedAt: string | null;
}

/** The end of the log, with the id of its last event and the epoch. */
export interface Head extends LogEnd {
  /** Null if the log is empty. */
  readonly lastEventId: string | null;
  /**
   * Identifies the history of the log; it is raised when commits that a process has read are lost.
   */
  readonly epoch: number;
}

const head: Query = {
  name: 'log_head',
  // Subqueries instead of a join: until statistics are collected, the planner expects log_head to
  // have many rows, and reads all events to join them.
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

/** Locks the head: no other transaction can append until this one ends. */
export async function lockHead(executor: Executor): Promise<void> {
  await executor.query(lock);
}
