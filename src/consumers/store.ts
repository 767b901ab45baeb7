import type { Timer } from '../kernel/process-manager.ts';
import { toReplacedError } from '../log/epoch.ts';
import type { Executor, Query } from '../postgres/database.ts';

/** A consumer as whoever runs it finds it. */
export interface ConsumerState {
  readonly id: number;
  readonly version: number;
  readonly checkpoint: number;
  readonly error: string | null;
}

/** A consumer as its operators see it, in every process alike. */
export interface ConsumerRow {
  readonly name: string;
  readonly version: number;
  /** May be a second behind. */
  readonly checkpoint: number;
  readonly pendingTimers: number;
  /** When the next timer is due, or was if its command failed. */
  readonly nextDueAt: string | null;
  /** Why it stands still, or else what the command said that failed last and is tried again. */
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

/** A consumer by its name; a new one is at checkpoint 0. */
export async function findConsumer(
  executor: Executor,
  name: string,
  version: number,
): Promise<ConsumerState> {
  await executor.query(register, [name, version]);
  const [row] = await executor.query<ConsumerState>(find, [name]);
  if (row === undefined) throw new Error(`consumer ${name} is gone`);
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

/** Puts a consumer of an older version back to checkpoint 0, without timers. */
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

/** Tells why a consumer stands still; its next advance takes it back. */
export async function setConsumerError(
  executor: Executor,
  consumer: { readonly name: string; readonly version: number },
  error: string,
): Promise<void> {
  await executor.query(setError, [consumer.name, consumer.version, error]);
}

/** A timer to be set, and the event that sets it. */
export interface NewTimer extends Timer {
  readonly eventId: string;
  readonly correlationId: string;
}

/** A consumer's way from a checkpoint to a later one, or to the same; each key at most once. */
export interface ConsumerAdvance {
  readonly id: number;
  readonly version: number;
  readonly from: number;
  readonly to: number;
  /** The event at `to`, and the epoch of the log in which it was read; null: not checked. */
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
 * Moves a consumer forward, checkpoint and timers in one transaction. Refused with SQLSTATE DB005,
 * and without effect, when it is not at `from` or of another version, and with `LogReplacedError` when
 * the log is not the one that was worked through.
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
