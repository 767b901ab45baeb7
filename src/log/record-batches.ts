import { accountStreamOf } from '../kernel/account-ids.ts';
import type { CommandOutcome } from '../kernel/command-record.ts';
import { addMicroseconds } from '../lib/date-time.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { readArchived } from './archive.ts';
import { ArchivedError } from './errors.ts';
import {
  accountTerm,
  actorTerm,
  correlationTerm,
  idTerm,
  nameTerm,
  outcomeTerm,
} from './record-terms.ts';

/** The records that match all given members; an absent member matches every record. */
export interface CommandRecordFilter {
  readonly id?: string | undefined;
  readonly correlationId?: string | undefined;
  /** An account that the command names, or to whose stream one of its events belongs. */
  readonly accountId?: string | undefined;
  readonly actor?: string | undefined;
  readonly names?: readonly string[] | undefined;
  readonly outcome?: CommandOutcome | undefined;
}

/** Batches with times from `low` on and before `high`; the latest first if `descending`. */
interface BatchRange {
  readonly low: string;
  readonly high: string;
  readonly descending: boolean;
  /** How many entries of an index are read. */
  readonly limit: number;
}

/** Some batches of a range, in its order. */
interface FoundBatches {
  readonly batches: readonly string[];
  /** No batch up to this time is missing; null if no batch of the whole range is missing. */
  readonly completeTo: string | null;
  /** Whether events of the stream before `completeTo` are archived. */
  readonly isArchivedBefore?: boolean;
}

/**
 * The next batches of a range that may have records that pass the filter. Reads at most `limit`
 * entries of each index, of which the filter's most selective member is looked up.
 */
export async function findBatches(
  executor: Executor,
  filter: CommandRecordFilter,
  range: BatchRange,
): Promise<FoundBatches> {
  const terms = leadingTerms(filter);
  if (terms === null) return readAll(executor, range);
  const byTerm = await readByTerms(executor, terms, range);
  if (filter.accountId === undefined || !isLeading(filter, 'accountId')) return byTerm;
  const byStream = await readByStream(executor, accountStreamOf(filter.accountId), range);
  return merge([byTerm, byStream], range);
}

/** The members that are looked up, the most selective first. */
const order = ['id', 'correlationId', 'accountId', 'actor', 'names', 'outcome'] as const;

function isLeading(filter: CommandRecordFilter, name: (typeof order)[number]): boolean {
  return order.find((each) => filter[each] !== undefined) === name;
}

/** Any of these terms leads to the batches that the filter may find; null: all batches do. */
function leadingTerms(filter: CommandRecordFilter): readonly number[] | null {
  const { id, correlationId, accountId, actor, names, outcome } = filter;
  if (id !== undefined) return [idTerm(id)];
  // A correlation that begins with a command has that command's id.
  if (correlationId !== undefined) return [correlationTerm(correlationId), idTerm(correlationId)];
  if (accountId !== undefined) return [accountTerm(accountId)];
  if (actor !== undefined) return [actorTerm(actor)];
  if (names !== undefined) return [...new Set(names.map(nameTerm))];
  return outcome === undefined || outcome === 'ACCEPTED' ? null : [outcomeTerm(outcome)];
}

/** Joins lists that are each in the order of the range. */
function merge(lists: readonly FoundBatches[], { descending }: BatchRange): FoundBatches {
  const isBefore = (a: string, b: string): boolean => (descending ? a > b : a < b);
  const ends = lists.flatMap(({ completeTo }) => completeTo ?? []);
  const [end = null] = ends.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const batches = [...new Set(lists.flatMap((list) => list.batches))]
    .filter((batch) => end === null || !isBefore(end, batch))
    .sort((a, b) => (isBefore(a, b) ? -1 : 1));
  const isArchivedBefore = lists.some(
    (list) => list.isArchivedBefore === true && list.completeTo === end,
  );
  return { batches, completeTo: end, isArchivedBefore };
}

type BothDirections = readonly [ascending: Query, descending: Query];

function inBothDirections(name: string, text: (direction: string) => string): BothDirections {
  return [
    { name, text: text('asc') },
    { name: `${name}_descending`, text: text('desc') },
  ];
}

const all = inBothDirections(
  'command_batches',
  (direction) => `select recorded_at as batch from command_batches
    where recorded_at >= $1 and recorded_at < $2 order by recorded_at ${direction} limit $3`,
);

async function readAll(executor: Executor, range: BatchRange): Promise<FoundBatches> {
  const { low, high, limit } = range;
  return toFound(await executor.query<BatchRow>(queryOf(all, range), [low, high, limit]), limit);
}

// Reads a page of each term, then merges them: the index is ordered only within one term.
const byTerms = inBothDirections(
  'command_batches_by_terms',
  (direction) => `select found.recorded_at as batch
    from unnest($4::integer[]) as wanted (wanted_term)
    cross join lateral (
      select recorded_at from command_terms
      where (term, recorded_at) >= (wanted_term, $1) and (term, recorded_at) < (wanted_term, $2)
      order by term ${direction}, recorded_at ${direction} limit $3
    ) as found order by found.recorded_at ${direction} limit $3`,
);

async function readByTerms(
  executor: Executor,
  terms: readonly number[],
  range: BatchRange,
): Promise<FoundBatches> {
  const { low, high, limit } = range;
  const values = [low, high, limit, terms];
  return toFound(await executor.query<BatchRow>(queryOf(byTerms, range), values), limit);
}

// Within a stream, versions are in the order of times. A batch begins at or before its events. An
// event of a batch without records has none.
// The row with is_archived says up to when the events of the stream may be archived.
const byStream = inBothDirections(
  'command_batches_by_stream',
  (direction) => `(select event.recorded_at as "eventAt", (
      select case when event.recorded_at < latest.recorded_at
        + latest.event_count * interval '1 microsecond' then latest.recorded_at end
      from (
        select recorded_at, event_count from command_batches
        where command_batches.recorded_at <= event.recorded_at
        order by command_batches.recorded_at desc limit 1
      ) as latest
    ) as batch, false as is_archived from (
      select recorded_at from events where stream_id = $4
        and version > version_at($4, sequence_within(
          end_of_batch($1::timestamptz - interval '1 microsecond'),
          (select sequence from log_head)
        ))
        and version <= version_at($4, sequence_within(
          end_of_batch($2::timestamptz - interval '1 microsecond'), (select sequence from log_head)
        ))
      order by stream_id ${direction}, version ${direction} limit $3
    ) as event) union all
    select max(last_at), null, true from archived_ranges
    where exists (
      select from archived_streams
      where stream_id = $4 and first_sequence <= (select archived_through from log_head)
    ) having max(last_at) >= $1`,
);

async function readByStream(
  executor: Executor,
  streamId: string,
  range: BatchRange,
): Promise<FoundBatches> {
  const { low, high, descending, limit } = range;
  const returned = await executor.query<StreamRow>(queryOf(byStream, range), [
    low,
    high,
    limit,
    streamId,
  ]);
  const rows = returned.filter(({ is_archived: isArchived }) => !isArchived);
  const archivedAt = returned.find(({ is_archived: isArchived }) => isArchived)?.eventAt;
  const batches = rows.flatMap(({ batch }) => batch ?? []);
  const last = rows.at(-1);
  const isFull = last !== undefined && rows.length === limit;
  const completeTo = isFull ? (last.batch ?? last.eventAt) : null;
  const found = [...new Set(batches)];
  if (archivedAt === undefined || (descending && isFull)) return { batches: found, completeTo };
  const firstHere = addMicroseconds(archivedAt, 1);
  if (!descending || high <= firstHere) throw new ArchivedError(await readArchived(executor));
  return { batches: found, completeTo: firstHere, isArchivedBefore: true };
}

interface StreamRow {
  readonly eventAt: string;
  readonly batch: string | null;
  readonly is_archived: boolean;
}

interface BatchRow {
  readonly batch: string;
}

function toFound(rows: readonly BatchRow[], limit: number): FoundBatches {
  const batches = [...new Set(rows.map(({ batch }) => batch))];
  return { batches, completeTo: rows.length < limit ? null : (batches.at(-1) ?? null) };
}

function queryOf([ascending, descending]: BothDirections, range: BatchRange): Query {
  return range.descending ? descending : ascending;
}
