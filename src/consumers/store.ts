import type { Timer } from '../kernel/process-manager.ts';
import { toReplacedError } from '../log/epoch.ts';
import type { Executor, Query } from '../postgres/database.ts';

/** The state of a consumer, as the process that runs it reads it. */
export interface ConsumerState {
  readonly id: number;
  readonly version: number;
  readonly checkpoint: number;
  readonly error: string | null;
}

/** A consumer as operators see it; the same in every process. */
export interface ConsumerRow {
  readonly name: string;
  readonly version: number;
  /** May be about a second behind. */
  readonly checkpoint: number;
  readonly pendingTimers: number;
  /** When the next timer is due; in the past if its command failed. Null if there is no timer. */
  readonly nextDueAt: string | null;
  /** Why the consumer is stopped, else the error of the last failed command; null if neither. */
  readonly error: string | null;
}

const all: Query = {
  name: 'consumers',
  text: `select name, version, checkpoint, timers.pending as "pendingTimers",
      timers.next_due_at as "nextDueAt", coalesce(consumers.error, timers.error) as error
    from consumers cross join lateral (
      select count(*) as pending, min(due_at) as next_due_at,
        (array_agg(error order by try_at desc) filter (where error is not null))[1] as error
      from consumer_timers where consumer_id = consumers.id
    ) as timers order by name`,
};

export async function readConsumers(executor: Executor): Promise<readonly ConsumerRow[]> {
  return executor.query<ConsumerRow>(all);
}

const register: Query = {
  name: 'register_consumer',
  text: `insert into consumers (name, version) values ($1, $2)
    on conflict on constraint consumers_name_key do nothing`,
};

const find: Query = {
  name: 'consumer',
  text: 'select id, version, checkpoint, error from consumers where name = $1',
};

/** The consumer with this name; registers a new one at checkpoint 0. */
export async function findConsumer(
  executor: Executor,
  name: string,
  version: number,
): Promise<ConsumerState> {
  await executor.query(register, [name, version]);
  const [row] = await executor.query<ConsumerState>(find, [name]);
  if (row === undefined) throw new Error(`consumer ${name} does not exist`);
  return row;
}

const restart: Query = {
  name: 'restart_consumer',
  text: `with restarted as (
      update consumers set version = $2, checkpoint = 0, error = null
      where id = $1 and version < $2 returning id
    )
    delete from consumer_timers where consumer_id in (select id from restarted)`,
};

/** Raises a consumer of an older version to `version`, at checkpoint 0 and without timers. */
export async function restartConsumer(
  executor: Executor,
  id: number,
  version: number,
): Promise<void> {
  await executor.query(restart, [id, version]);
}

const setError: Query = {
  name: 'set_consumer_error',
  text: 'update consumers set error = $3 where name = $1 and version = $2',
};

/** Saves why a consumer is stopped; its next advance clears the error. */
export async function setConsumerError(
  executor: Executor,
  consumer: { readonly name: string; readonly version: number },
  error: string,
): Promise<void> {
  await executor.query(setError, [consumer.name, consumer.version, error]);
}

/** A timer to set, and the event that sets it. */
export interface NewTimer extends Timer {
  readonly eventId: string;
  readonly correlationId: string;
}

/**
 * An advance of a consumer from a checkpoint to a later one, or to the same one, with the timers to
 * clear and to set; each key occurs at most once.
 */
interface ConsumerAdvance {
  readonly id: number;
  readonly version: number;
  readonly from: number;
  readonly to: number;
  /** The id of the event at `to`, and the epoch under which it was read; null if not checked. */
  readonly toEventId?: string | null;
  readonly epoch?: number | null;
  readonly cleared: readonly string[];
  readonly set: readonly NewTimer[];
}

const advance: Query = {
  name: 'advance_consumer',
  text: `select advance_consumer(
    $1, $2, $3, (assert_recorded($10, array[$4::bigint], array[$11::uuid]))[1],
    $5, $6, $7, $8, $9
  )`,
};

/**
 * Advances a consumer, checkpoint and timers in one transaction. Fails with SQLSTATE DB005, and has
 * no effect, if the consumer is not at `from` or has another version. Throws `LogReplacedError` if
 * the log is no longer the one that was read.
 */
export async function advanceConsumer(executor: Executor, step: ConsumerAdvance): Promise<void> {
  const { id, version, from, to, cleared, set } = step;
  await executor
    .query(advance, [
      id,
      version,
      from,
      to,
      cleared,
      set.map(({ key }) => key),
      set.map(({ dueAt }) => dueAt),
      set.map(({ eventId }) => eventId),
      set.map(({ correlationId }) => correlationId),
      step.epoch ?? null,
      step.toEventId ?? null,
    ])
    .catch((error: unknown) => {
      throw toReplacedError(error);
    });
}
