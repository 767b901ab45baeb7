import type { Executor, Query } from '../postgres/database.ts';
import { beginningOf, type LogPlace } from './chain.ts';
import { ExportError } from './errors.ts';

/** The head of a log, with what is not in its rows. Times are as PostgreSQL prints them. */
export interface ExportedHead {
  readonly ledger: string;
  readonly epoch: number;
  readonly clock: string;
  readonly sequence: number;
  readonly recordedAt: string | null;
  readonly chainedAfter: number;
  readonly chainedAt: string;
  /** The last archived event; 0 if there is none. */
  readonly archivedThrough: number;
}

const select: Query = {
  name: 'exported_head',
  text: `select ledger, epoch, clock::text, sequence, chained_after as "chainedAfter",
      chained_at::text as "chainedAt", archived_through as "archivedThrough", (
        select recorded_at::text from events where events.sequence = log_head.sequence
      ) as "recordedAt"
    from log_head`,
};

/** Reads the head of a log that is complete: see `assertImported`. */
export async function readExportedHead(executor: Executor): Promise<ExportedHead> {
  const [head] = await executor.query<ExportedHead>(select);
  if (head === undefined) throw new Error('the log has no head: is the database migrated?');
  return head;
}

const keep: Query = {
  name: 'keep_exported_events',
  text: 'lock table events in access share mode',
};

/**
 * Keeps an archive from removing events until the transaction ends. To be called before its first
 * query: a snapshot that is older does not find what is removed.
 */
export async function keepEvents(executor: Executor): Promise<void> {
  await executor.query(keep);
}

const hashes: Query = {
  name: 'hashes_at_place',
  text: `select coalesce((
      select encode(hash, 'hex') from events where sequence = $1
    ), (
      select encode(hash, 'hex') from archived_ranges where last_sequence = $1
    )) as hash, (
      select encode(hash, 'hex') from command_batches where recorded_at = $2::text::timestamptz
    ) as "commandsHash", (
      select archived_through > $1 from log_head
    ) as "isArchived"`,
};

/** Throws `ExportError` if the log does not have what it had at a place. */
export async function assertPlace(
  executor: Executor,
  { sequence, hash, recordedAt, commandsHash }: LogPlace,
): Promise<void> {
  type Row = {
    readonly hash: string | null;
    readonly commandsHash: string | null;
    /** The hash of its batch proves an archived event. */
    readonly isArchived: boolean;
  };
  const [row] = await executor.query<Row>(hashes, [sequence, recordedAt]);
  const isThere =
    (sequence === 0 || row?.isArchived === true || row?.hash === hash) &&
    (recordedAt === null || row?.commandsHash === commandsHash);
  if (isThere) return;
  throw new ExportError(
    'OTHER_LOG',
    `the log is not the one that was exported up to event ${sequence}: it was restored to ` +
      'an earlier state; export it into another directory',
  );
}

const batchOf: Query = {
  name: 'batch_of_event',
  text: `select encode(known.hash, 'hex') as hash, batch.*
    from (
      select sequence, recorded_at, hash from events
      union all select last_sequence, last_at, hash from archived_ranges
    ) as known left join lateral (
      select recorded_at::text as "recordedAt", encode(hash, 'hex') as "commandsHash",
        first_sequence as first, first_sequence + event_count - 1 as last
      from command_batches
      where command_batches.recorded_at <= known.recorded_at order by recorded_at desc limit 1
    ) as batch on true
    where sequence = $1`,
};

interface BatchRow {
  readonly hash: string;
  readonly recordedAt: string | null;
  readonly commandsHash: string | null;
  readonly first: number | null;
  readonly last: number | null;
}

function toArchived(after: number, through: number): ExportError {
  return new ExportError(
    'ARCHIVED',
    `--after ${after}: the events up to ${through} are archived: use --after ${through} or later`,
  );
}

/** The place right after an event and its batch. Throws `ExportError` if there is no such place. */
export async function findPlace(
  executor: Executor,
  {
    ledger,
    sequence: head,
    archivedThrough,
  }: Pick<ExportedHead, 'ledger' | 'sequence' | 'archivedThrough'>,
  after: number,
): Promise<LogPlace> {
  const beginning = beginningOf(ledger);
  if (after === 0) return beginning;
  const [row] = await executor.query<BatchRow>(batchOf, [after]);
  if (row === undefined && after < archivedThrough) throw toArchived(after, archivedThrough);
  if (row === undefined) {
    throw new ExportError('UNUSABLE', `--after ${after}: the log ends at event ${head}`);
  }
  const { hash, recordedAt, commandsHash, first, last } = row;
  if (last !== null && last > after) {
    throw new ExportError(
      'UNUSABLE',
      `--after ${after}: events ${first} to ${last} were recorded together; use --after ${last}`,
    );
  }
  return {
    sequence: after,
    hash,
    recordedAt,
    commandsHash: commandsHash ?? beginning.commandsHash,
  };
}
