import type { Json } from '../kernel/event.ts';
import type {
  Appended,
  Batch,
  ExpectedStream,
  PendingEvent,
  PendingOutcome,
} from '../kernel/log.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { detailOf, sqlStateOf } from '../postgres/errors.ts';
import { logReplacedState } from './epoch.ts';
import { DecisionLateError, KeysUsedError, LogReplacedError, StaleStreamsError } from './errors.ts';
import type { LogEnd } from './head.ts';
import { packRecords } from './record-pack.ts';
import { termsOf } from './record-terms.ts';

const append: Query = {
  name: 'append_commands',
  // A call in `from` would first write its one row to a tuple store.
  text: `select (appended).first_sequence, (appended).first_at as recorded_at,
      (appended).previous_id from (
      select append_commands($1, $2, $3, $4, $5, $6, $7, $8) as appended offset 0
    ) as result`,
};

interface AppendedRow {
  readonly first_sequence: number;
  readonly recorded_at: string;
  readonly previous_id: string | null;
}

/**
 * Appends a batch in one transaction: all of it, durably, or nothing.
 *
 * Throws `StaleStreamsError` if a stream is not as it was read, `LogReplacedError` if the log has
 * another epoch, `DecisionLateError` if the decisions are no longer valid, and `KeysUsedError` if
 * an idempotency key already has an outcome. Throws the driver's error if the connection was lost:
 * `findBatch` then shows whether the batch is in the log.
 */
export async function appendEvents(executor: Executor, batch: Batch): Promise<Appended> {
  const { events, outcomes, expected, records } = batch;
  try {
    const [row] = await executor.query<AppendedRow>(append, [
      batch.epoch,
      batch.id,
      JSON.stringify(toExpectedRows(expected)),
      batch.validUntil,
      JSON.stringify(events.map(toEventRow)),
      JSON.stringify(outcomes.map(toOutcomeRow)),
      records.length === 0 ? null : packRecords(records),
      records.length === 0 ? null : termsOf(records, events),
    ]);
    if (row === undefined) throw new Error('append_commands returned no row');
    return toAppended(row);
  } catch (error) {
    throw toAppendError(error);
  }
}

function toAppended(row: AppendedRow): Appended {
  const { first_sequence: firstSequence, recorded_at: recordedAt, previous_id: previousId } = row;
  return { firstSequence, recordedAt, previousId };
}

type ExpectedStreams = ReadonlyMap<string, ExpectedStream>;

function toExpectedRows(expected: ExpectedStreams): readonly Json[] {
  const rows: Json[] = [];
  for (const [streamId, { version, lastEventId }] of expected) {
    rows.push([streamId, version, lastEventId]);
  }
  return rows;
}

/** The members of an event in the order in which `append_commands` reads them. */
function toEventRow(event: PendingEvent): readonly Json[] {
  const { streamId, actor, correlationId, causationId } = event;
  const isPlain = [streamId, actor, correlationId, causationId ?? ''].every((text) =>
    plainText.test(text),
  );
  return [
    streamId,
    event.version,
    event.id,
    event.type,
    event.schemaVersion,
    event.occurredAt,
    actor,
    event.commandId,
    correlationId,
    causationId,
    // As text, so that the log has exactly these bytes.
    JSON.stringify(event.data),
    isPlain ? 1 : null,
  ];
}

/** A text that COPY prints as it is. */
const plainText = /^[^\\\p{Cc}]*$/u;

function toOutcomeRow(outcome: PendingOutcome): readonly Json[] {
  const { actor, idempotencyKey, fingerprint, commandId, offset, eventCount, rejection } = outcome;
  const text = rejection === null ? null : JSON.stringify(rejection);
  return [actor, idempotencyKey, fingerprint, commandId, offset, eventCount, text];
}

function toAppendError(error: unknown): unknown {
  const detail = detailOf(error) ?? '';
  switch (sqlStateOf(error)) {
    case 'DB001':
      return new StaleStreamsError(new Map(Object.entries(JSON.parse(detail))));
    case 'DB002':
      return new KeysUsedError(JSON.parse(detail));
    case 'DB007':
      return new DecisionLateError(detail);
    case logReplacedState:
      return new LogReplacedError();
    default:
      return error;
  }
}

const find: Query = {
  name: 'find_batch',
  text: `select first_sequence, recorded_at, (
      select events.id from events where events.sequence = first_sequence - 1
    ) as previous_id from command_batches where batch_id = $1`,
};

/**
 * The sequence and time at which a batch was appended; null if it is not in the log.
 *
 * Null is not final as long as the statement of a lost connection may still be running in the
 * server. In that case, append the same batch again. The second append waits for the lock of the
 * head. If the first one took effect, the second one fails, because the streams have new versions
 * or the id is used. From then on, `findBatch` finds the batch.
 */
export async function findBatch(executor: Executor, id: string): Promise<Appended | null> {
  const [row] = await executor.query<AppendedRow>(find, [id]);
  return row === undefined ? null : toAppended(row);
}

const verify: Query = {
  name: 'verify_versions',
  text: `select log_head.sequence, (
      select events.recorded_at from events where events.sequence = log_head.sequence
    ) as "recordedAt", stale.versions
    from log_head, lateral (
      select jsonb_object_agg(expected.stream_id, coalesce(actual.version, 0)) as versions
      from unnest($1::text[], $2::integer[], $3::uuid[]) as expected (stream_id, version, id)
      left join lateral (
        select version, id from (
          select events.version, events.id from events
          where events.stream_id = expected.stream_id
          order by events.version desc limit 1
        ) as last_event
        union all
        select archived.version, archived.last_event_id from archived_streams as archived
        where archived.stream_id = expected.stream_id
        limit 1
      ) as actual on true
      where coalesce(actual.version, 0) <> expected.version
        or actual.id <> coalesce(expected.id, actual.id)
    ) as stale`,
};

/** The end of the log if every stream is as it was read; else throws `StaleStreamsError`. */
export async function verifyStreams(
  executor: Executor,
  expected: ExpectedStreams,
): Promise<LogEnd> {
  const streams = [...expected.values()];
  const [row] = await executor.query<
    LogEnd & { readonly versions: Readonly<Record<string, number>> | null }
  >(verify, [
    [...expected.keys()],
    streams.map(({ version }) => version),
    streams.map(({ lastEventId }) => lastEventId),
  ]);
  if (row === undefined) throw new Error('the log has no head: is the database migrated?');
  if (row.versions !== null) throw new StaleStreamsError(new Map(Object.entries(row.versions)));
  return { sequence: row.sequence, recordedAt: row.recordedAt };
}
