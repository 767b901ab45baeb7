import type { Timer } from '../kernel/process-manager.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { NewTimer } from './store.ts';

/** A timer that is set. */
interface PendingTimer extends NewTimer {
  /** How many milliseconds remain until its command is sent; 0 or less if it is due. */
  readonly inMs: number;
}

const next: Query = {
  name: 'next_timers',
  // Uses the clock that also sets the times of events, so that the events of a timer's command are
  // recorded after the timer was due.
  text: `select key, due_at as "dueAt", event_id as "eventId", correlation_id as "correlationId",
      (extract(epoch from try_at - clock_timestamp()) * 1000)::float8 as "inMs"
    from consumer_timers where consumer_id = $1 order by try_at limit $2`,
};

/** The earliest timers of a consumer, due or not. */
export async function readNextTimers(
  executor: Executor,
  consumerId: number,
  countMax: number,
): Promise<readonly PendingTimer[]> {
  return executor.query<PendingTimer>(next, [consumerId, countMax]);
}

const remove: Query = {
  name: 'remove_timers',
  text: `delete from consumer_timers
    using unnest($2::text[], $3::timestamptz[]) as done (key, due_at)
    where consumer_id = $1 and consumer_timers.key = done.key
      and consumer_timers.due_at = done.due_at`,
};

/** Removes timers; a timer that has been set to another time in the meantime stays. */
export async function removeTimers(
  executor: Executor,
  consumerId: number,
  timers: readonly Timer[],
): Promise<void> {
  await executor.query(remove, [consumerId, ...toColumns(timers)]);
}

interface FailedTimer extends Timer {
  readonly error: string;
}

const postpone: Query = {
  name: 'postpone_timers',
  text: `update consumer_timers set failures = failures + 1, error = failed.error,
      try_at = greatest(
        consumer_timers.due_at, clock_timestamp() + interval '1 second' * 2 ^ least(failures, 6)
      )
    from unnest($2::text[], $3::timestamptz[], $4::text[]) as failed (key, due_at, error)
    where consumer_id = $1 and consumer_timers.key = failed.key
      and consumer_timers.due_at = failed.due_at`,
};

/** Postpones timers whose commands have failed, for longer each time: from 1 to 64 seconds. */
export async function postponeTimers(
  executor: Executor,
  consumerId: number,
  timers: readonly FailedTimer[],
): Promise<void> {
  const errors = timers.map(({ error }) => error);
  await executor.query(postpone, [consumerId, ...toColumns(timers), errors]);
}

function toColumns(timers: readonly Timer[]) {
  return [timers.map(({ key }) => key), timers.map(({ dueAt }) => dueAt)];
}
