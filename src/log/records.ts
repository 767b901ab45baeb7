import type { CommandRecord, RecordPlace } from '../kernel/command-record.ts';
import { addMicroseconds, fromEpochMs, toEpochMs } from '../lib/date-time.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { type CommandRecordFilter, findBatches } from './record-batches.ts';
import { type RecordPack, unpackRecords } from './record-pack.ts';

/** Records strictly between `after` and `before`; the latest first if `descending`. */
export interface RecordPage {
  readonly after?: RecordPlace | null;
  readonly before?: RecordPlace | null;
  /** Records from this time on. */
  readonly since?: string | null | undefined;
  /** Records before this time. */
  readonly until?: string | null | undefined;
  readonly end: RecordsEnd;
  readonly limit: number;
  readonly descending?: boolean;
  /** How many entries of an index one scan reads; 256 by default. */
  readonly lookedAtMax?: number;
}

/** The last records that a reader sees: those with a sequence and a time up to these. */
export interface RecordsEnd {
  readonly sequence: number;
  readonly recordedAt: string;
}

/** The part of a page that one bounded scan has found. */
export interface RecordScan {
  readonly records: readonly CommandRecord[];
  /**
   * Up to where the scan has looked, if it stopped before the page was full; null if the page is
   * full, or there are no more records in its range.
   */
  readonly stoppedAt: RecordPlace | null;
  /** Whether it stopped there because events of the account before are archived. */
  readonly isArchivedBefore?: boolean;
}

const lookedAtMaxDefault = 256;
/** One scan reads batches until their records have this many characters, and at least one batch. */
const charactersMax = 1_000_000;
/** The last place in a batch, whatever its size. */
const lastIndex = 1_000_000;
/** No batch lasts longer: each of its events takes a microsecond, and it has fewer than 100,000. */
const batchMsMax = 100;

/** The part of a page that is found by reading a bounded number of batches. */
export async function scanRecords(
  executor: Executor,
  filter: CommandRecordFilter,
  page: RecordPage,
): Promise<RecordScan> {
  const { limit, descending = false, lookedAtMax = lookedAtMaxDefault } = page;
  const [low, high] = [lowOf(page), highOf(page)];
  if (low >= high) return { records: [], stoppedAt: null };
  const range = { low, high, descending, limit: lookedAtMax };
  const { batches, completeTo, isArchivedBefore } = await findBatches(executor, filter, range);
  const packs = await readPacks(executor, batches);
  const matches = packs.flatMap((pack) => {
    const records = unpackRecords(pack).filter((record) => isMatch(record, filter, page));
    return descending ? records.reverse() : records;
  });
  if (matches.length >= limit) return { records: matches.slice(0, limit), stoppedAt: null };
  const isCut = packs.length < batches.length;
  const last = isCut ? (packs.at(-1)?.batch ?? null) : completeTo;
  const stoppedAt = last === null ? null : { batch: last, index: descending ? 0 : lastIndex };
  return { records: matches, stoppedAt, isArchivedBefore: isArchivedBefore === true && !isCut };
}

/** Scans for a page at least once, and again until it is complete or `goesOn` returns false. */
export async function scanRecordsWhile(
  scan: (page: RecordPage) => Promise<RecordScan>,
  page: RecordPage,
  goesOn: () => boolean,
): Promise<RecordScan> {
  let { records, stoppedAt, isArchivedBefore = false } = await scan(page);
  // A page that has records ends before the archived events; the next page fails.
  while (stoppedAt !== null && !(isArchivedBefore && records.length > 0) && goesOn()) {
    const bound = page.descending ? { before: stoppedAt } : { after: stoppedAt };
    const more = await scan({ ...page, ...bound, limit: page.limit - records.length });
    records = [...records, ...more.records];
    stoppedAt = more.stoppedAt;
    isArchivedBefore = more.isArchivedBefore ?? false;
  }
  return { records, stoppedAt, isArchivedBefore };
}

/** No batch before this time can have records of the page. */
function lowOf({ after, since }: RecordPage): string {
  const lows = ['0001-01-01T00:00:00.000000Z'];
  if (after != null) {
    const isWholeBatch = after.index >= lastIndex;
    lows.push(isWholeBatch ? addMicroseconds(after.batch, 1) : after.batch);
  }
  if (since != null) lows.push(fromEpochMs(Math.max(0, toEpochMs(since) - batchMsMax)));
  return lows.reduce((a, b) => (a > b ? a : b));
}

/** No batch from this time on can have records of the page. */
function highOf({ before, until, end }: RecordPage): string {
  const highs = [addMicroseconds(end.recordedAt, 1)];
  if (before != null) {
    highs.push(before.index === 0 ? before.batch : addMicroseconds(before.batch, 1));
  }
  if (until != null) highs.push(until);
  return highs.reduce((a, b) => (a < b ? a : b));
}

function isMatch(record: CommandRecord, filter: CommandRecordFilter, page: RecordPage): boolean {
  const { place, recordedAt, sequence } = record;
  const { after, before, since, until, end } = page;
  if (after != null && comparePlaces(place, after) <= 0) return false;
  if (before != null && comparePlaces(place, before) >= 0) return false;
  if (since != null && recordedAt < since) return false;
  if (until != null && recordedAt >= until) return false;
  if (sequence > end.sequence || recordedAt > end.recordedAt) return false;
  return passes(record, filter);
}

/** Whether a record passes a filter. */
function passes(record: CommandRecord, filter: CommandRecordFilter): boolean {
  const { id, correlationId, accountId, actor, names, outcome } = filter;
  return (
    (id === undefined || id === record.id) &&
    (correlationId === undefined || correlationId === record.correlationId) &&
    (accountId === undefined || record.accountIds.includes(accountId)) &&
    (actor === undefined || actor === record.actor) &&
    (names === undefined || names.includes(record.name)) &&
    (outcome === undefined || outcome === record.outcome)
  );
}

function comparePlaces(a: RecordPlace, b: RecordPlace): number {
  if (a.batch !== b.batch) return a.batch < b.batch ? -1 : 1;
  return a.index - b.index;
}

const packs: Query = {
  name: 'command_packs',
  text: `select batch, "firstSequence", records from (
      select wanted.place, found.batch, found."firstSequence", found.records,
        sum(found.size) over (order by wanted.place) - found.size as before
      from unnest($1::timestamptz[]) with ordinality as wanted (recorded_at, place)
      cross join lateral (
        select recorded_at as batch, first_sequence as "firstSequence", size, records
        from command_batches where command_batches.recorded_at = wanted.recorded_at limit 1
      ) as found
    ) as sized where before < $2 order by place`,
};

/** The first of these batches, in their order: at least one if there are any. */
async function readPacks(
  executor: Executor,
  batches: readonly string[],
): Promise<readonly RecordPack[]> {
  if (batches.length === 0) return [];
  return executor.query<RecordPack>(packs, [batches, charactersMax]);
}

/** A command, as one of its events names it. */
export interface RecordedBy {
  readonly commandId: string;
  /** The time of an event of the command. */
  readonly recordedAt: string;
}

const packsOfEvents: Query = {
  name: 'command_packs_of_events',
  // The events of a batch are recorded from its time on, and before the time of the next one.
  text: `select distinct on (batch) batch, "firstSequence", records
    from unnest($1::timestamptz[]) as wanted (recorded_at)
    cross join lateral (
      select recorded_at as batch, first_sequence as "firstSequence", records
      from command_batches where command_batches.recorded_at <= wanted.recorded_at
      order by command_batches.recorded_at desc limit 1
    ) as found
    order by batch`,
};

/** As many batches are read at once. */
const packsMax = 50;

/** The records of the commands of some events, by command id; older commands have none. */
export async function readRecordsOf(
  executor: Executor,
  events: readonly RecordedBy[],
): Promise<ReadonlyMap<string, CommandRecord>> {
  const wanted = new Map(events.map(({ commandId, recordedAt }) => [commandId, recordedAt]));
  const times = [...wanted.values()];
  const records = new Map<string, CommandRecord>();
  for (let start = 0; start < times.length; start += packsMax) {
    const some = times.slice(start, start + packsMax);
    for (const pack of await executor.query<RecordPack>(packsOfEvents, [some])) {
      for (const record of unpackRecords(pack)) {
        if (wanted.has(record.id)) records.set(record.id, record);
      }
    }
  }
  return records;
}

/** Where the records up to a sequence end now. */
export interface RecordsEndNow extends RecordsEnd {
  /** Whether later records can have the same sequence, because it is the head of the log. */
  readonly isOpen: boolean;
}

const endAfter: Query = {
  name: 'command_records_end',
  // No record up to the sequence is later than the next event, or than the clock if there is none.
  text: `select coalesce(next_at, nullif(clock, '-infinity')) as "recordedAt",
      next_at is null as "isOpen"
    from log_head, lateral (
      select case when $1 < archived_through then time_of_event($1 + 1)
        else (select recorded_at from events where events.sequence = $1 + 1) end as next_at
    ) as next`,
};

/** Where the records up to a sequence end now; without an open end, they end there permanently. */
export async function readRecordsEnd(executor: Executor, sequence: number): Promise<RecordsEndNow> {
  type Row = { readonly recordedAt: string | null; readonly isOpen: boolean };
  const [row] = await executor.query<Row>(endAfter, [sequence]);
  if (row === undefined) throw new Error('the log has no head: is the database migrated?');
  return { sequence, recordedAt: row.recordedAt ?? fromEpochMs(0), isOpen: row.isOpen };
}
