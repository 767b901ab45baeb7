import { setTimeout as wait } from 'node:timers/promises';
import { ExportError } from '../exports/errors.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { sqlStateOf } from '../postgres/errors.ts';

const begin: Query = { name: 'archive_begin', text: 'begin' };
const commit: Query = { name: 'archive_commit', text: 'commit' };
const rollback: Query = { name: 'archive_rollback', text: 'rollback' };
const limit: Query = {
  name: 'archive_lock_limit',
  text: `select set_config('lock_timeout', '50ms', true)`,
};
const lockHead: Query = { name: 'archive_lock_head', text: 'select from log_head for update' };
const lockEvents: Query = {
  name: 'archive_lock_events',
  text: 'lock table events in access exclusive mode',
};

/** Changes which events are here, in the transaction that `withLockedLog` has begun. */
interface LockedWork {
  /** Runs under the lock of the head: nothing is appended meanwhile, but readers go on. */
  prepare(): Promise<void>;
  /** Runs under the lock of the events, too. */
  change(): Promise<void>;
}

const triesMax = 1_200;
const pauseMs = 250;

/**
 * Runs the work in one transaction when no reader uses the events. Readers and appends wait for it,
 * but not for the locks: an attempt that does not get one within 50 ms ends, and they go on.
 * Returns for how many milliseconds appends had to wait. Throws `ExportError` after five minutes.
 */
export async function withLockedLog(
  executor: Executor,
  { prepare, change }: LockedWork,
  signal: AbortSignal,
): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const startedAt = performance.now();
    try {
      await executor.query(begin);
      await executor.query(limit);
      await executor.query(lockHead);
      await prepare();
      await executor.query(lockEvents);
      await change();
      await executor.query(commit);
      return performance.now() - startedAt;
    } catch (error) {
      await executor.query(rollback).catch(() => {});
      if (!busyStates.has(sqlStateOf(error) ?? '')) throw error;
      if (tries === triesMax) throw new ExportError('BUSY', busy, { cause: error });
    }
    if (signal.aborted) throw new ExportError('INTERRUPTED', 'interrupted; nothing was changed');
    await wait(pauseMs);
  }
}

/** Lock not available, and deadlock. */
const busyStates = new Set(['55P03', '40P01']);
const busy =
  'the log is in use by a long transaction, such as an export or a backup: try again after it';
