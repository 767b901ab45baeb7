import type { StoredEvent } from '../kernel/event.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { indexKey, indexSequenceMax } from '../postgres/index-key.ts';
import type { EventDecoder, EventRow } from './codec.ts';
import { ArchivedError } from './errors.ts';

/** The events that match all given members; an absent member matches every event. */
export interface EventFilter {
  readonly id?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly streamId?: string | undefined;
  readonly actor?: string | undefined;
  readonly types?: readonly string[] | undefined;
}

/** Sequences strictly between `after` and `before`; the greatest first if `descending`. */
export interface EventPage {
  /** The default is the beginning of the log; for `before` it is the end. */
  readonly after?: number;
  readonly before?: number;
  readonly limit: number;
  readonly descending?: boolean;
  /**
   * The number of events matching the leading filter that one scan examines; the other filters may
   * pass none of them. 5,000 by default.
   */
  readonly lookedAtMax?: number;
}

/** The part of a page that one statement has found: it examines a bounded number of events. */
export interface EventScan {
  readonly events: readonly StoredEvent[];
  /**
   * The last sequence that the scan has examined, if it stopped before the page was full; null if
   * the page is full, or no other event in its range passes the filter.
   */
  readonly stoppedAt: number | null;
  /** Whether it stopped there because the events before are archived. */
  readonly isArchivedBefore?: boolean;
}

/** A scan of this many events takes about 15 ms if all of them are in memory. */
const lookedAtMaxDefault = 5_000;

const columns = `sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at,
  actor, command_id, correlation_id, causation_id, data`;
const all = inBothDirections(
  'events',
  (direction) => `(select ${columns} from events where sequence > $1 and sequence < $2
    order by sequence ${direction} limit $3) union all ${archivedAfter()}`,
);

// Each filter has an index. Each leading filter has two texts: one for the filter alone, and one
// for the filter with others, which are checked row by row. A single text with every filter
// optional would get one generic plan: a scan of the log. Checks of absent filters would also give
// nearly all texts a bad plan: the planner expects such checks to pass almost no rows, and sorts
// all rows of an actor for a page.
const alone = leadingTexts(
  '',
  (from, by, direction) => `select ${columns} from ${from} order by ${by} ${direction}`,
);
const withOthers = leadingTexts(
  '_and_others',
  // Returns the last row that was examined even if it does not pass, because it shows where the
  // scan stopped.
  (from, by, direction) => `select ${columns}, passes, is_last from (
      select ${columns}, ($5::text is null or correlation_id = $5)
          and ($6::text is null or stream_id = $6) and ($7::text is null or actor = $7)
          and ($8::text[] is null or type = any ($8)) as passes,
        row_number() over (order by ${by} ${direction}) = $9::bigint as is_last, ${by} as position
      from ${from} order by ${by} ${direction} limit $9::bigint
    ) as looked_at where passes or is_last order by position ${direction}`,
);

/**
 * A whole page of the log in order of sequence; keeps scanning until the page is complete. Throws
 * `ArchivedError` if a part of it is archived.
 */
export async function readEvents(
  executor: Executor,
  decode: EventDecoder,
  filter: EventFilter,
  page: EventPage,
): Promise<readonly StoredEvent[]> {
  const scan = (rest: EventPage) => scanEvents(executor, decode, filter, rest);
  const { events, stoppedAt } = await scanWhile(scan, page, () => true);
  if (stoppedAt !== null) throw new ArchivedError(stoppedAt - 1);
  return events;
}

/** Scans for a page at least once, and again until it is complete or `goesOn` returns false. */
export async function scanWhile(
  scan: (page: EventPage) => Promise<EventScan>,
  page: EventPage,
  goesOn: () => boolean,
): Promise<EventScan> {
  let { events, stoppedAt, isArchivedBefore = false } = await scan(page);
  // A page that has events ends before the archived ones; the next page fails.
  while (stoppedAt !== null && !(isArchivedBefore && events.length > 0) && goesOn()) {
    const bound = page.descending ? { before: stoppedAt } : { after: stoppedAt };
    const more = await scan({ ...page, ...bound, limit: page.limit - events.length });
    events = [...events, ...more.events];
    stoppedAt = more.stoppedAt;
    isArchivedBefore = more.isArchivedBefore ?? false;
  }
  return { events, stoppedAt, isArchivedBefore };
}

/**
 * The part of a page of the log that one bounded statement finds. Throws `ArchivedError` if the
 * next event of the page may be archived. A descending scan first stops before the archived events.
 */
export async function scanEvents(
  executor: Executor,
  decode: EventDecoder,
  filter: EventFilter,
  page: EventPage,
): Promise<EventScan> {
  const { after = 0, before = Number.MAX_SAFE_INTEGER, limit } = page;
  const direction = page.descending ? 'descending' : 'ascending';
  const [leadingFilter, ...others] = order.filter((name) => filter[name] !== undefined);
  const values: unknown[] = [after, before, limit];
  const storedTypes = filter.types && decode.storedTypesOf(filter.types);
  let query = all[direction];
  if (leadingFilter !== undefined) {
    query = (others.length === 0 ? alone : withOthers)[leadingFilter][direction];
    values.push(leadingFilter === 'types' ? storedTypes : filter[leadingFilter]);
  }
  if (others.length > 0) {
    const { correlationId = null, streamId = null, actor = null } = filter;
    const lookedAtMax = page.lookedAtMax ?? lookedAtMaxDefault;
    values.push(correlationId, streamId, actor, storedTypes ?? null, lookedAtMax);
  }
  const rows = await executor.query<ScannedRow | ArchivedRow>(query, values);
  const scan = toScan(rows.filter(isEvent), decode, filter, limit);
  const through = rows.find((row): row is ArchivedRow => !isEvent(row))?.sequence ?? 0;
  const isWhole = through <= Math.max(after, 0) || before <= after + 1;
  if (isWhole || isComplete(scan, filter, page)) return scan;
  if (!page.descending || before <= through + 1) throw new ArchivedError(through);
  return { events: scan.events, stoppedAt: through + 1, isArchivedBefore: true };
}

/** Whether a scan has found its part of the page without the archived events before it. */
function isComplete(
  { events, stoppedAt }: EventScan,
  { id }: EventFilter,
  { descending = false, limit }: EventPage,
): boolean {
  if (id !== undefined) return events.length > 0;
  return descending && (stoppedAt !== null || events.length >= limit);
}

/** The row after the events, if the range of the page has archived events: the last of those. */
interface ArchivedRow {
  readonly sequence: number;
  readonly stream_id: null;
}

function isEvent(row: ScannedRow | ArchivedRow): row is ScannedRow {
  return row.stream_id !== null;
}

interface ScannedRow extends EventRow {
  /** Absent if the leading filter is the only one. */
  readonly passes?: boolean;
  readonly is_last?: boolean;
}

function toScan(
  rows: readonly ScannedRow[],
  decode: EventDecoder,
  { types }: EventFilter,
  limit: number,
): EventScan {
  const passing = rows.filter(({ passes = true }) => passes).map(decode);
  // The statement finds stored types, which may be read as other types.
  const events = passing.filter(({ type }) => types?.includes(type) ?? true);
  return { events, stoppedAt: events.length < limit ? endOf(rows, limit) : null };
}

/** The sequence after which there may be more rows; null if the statement has found all. */
function endOf(rows: readonly ScannedRow[], limit: number): number | null {
  const last = rows.at(-1);
  if (last === undefined) return null;
  return last.is_last === true || rows.length === limit ? last.sequence : null;
}

/** The filters, the most selective first; types lead only if there is no other filter. */
const order = ['id', 'correlationId', 'streamId', 'actor', 'types'] as const;

type ReadOrdered = (from: string, by: string, direction: string) => string;

function leadingTexts(suffix: string, read: ReadOrdered) {
  const extra = suffix === '' ? '' : ', null, null';
  const limited = (name: string, text: (direction: string) => string, condition?: string) =>
    inBothDirections(
      `${name}${suffix}`,
      (direction) => `(${text(direction)} limit $3) union all ${archivedAfter(extra, condition)}`,
    );
  const leading = (name: string, column: string): BothDirections =>
    limited(name, (direction) =>
      read(`events where ${within(column, '$4')}`, indexKey(column, 'sequence'), direction),
    );
  return {
    id: limited('events_by_id', (direction) =>
      read('events where id = $4 and sequence > $1 and sequence < $2', 'sequence', direction),
    ),
    correlationId: leading('events_by_correlation', 'correlation_id'),
    // Within a stream, versions are in the order of sequences, and they are already indexed.
    streamId: limited(
      'events_by_stream',
      (direction) =>
        read(
          `events where stream_id = $4 and version > version_at($4, $1::bigint)
          and version <= version_at($4, $2::bigint - 1)`,
          'version',
          direction,
        ),
      `and exists (
        select from archived_streams where archived_streams.stream_id = $4
          and archived_streams.first_sequence <= archived_through
          and archived_streams.last_sequence > $1::bigint
      )`,
    ),
    actor: leading('events_by_actor', 'actor'),
    // Reads a page of each type, then merges them: the index is ordered only within one type.
    types: limited(
      'events_by_types',
      (direction) => `select ${columns} from unnest($4::text[]) as wanted (wanted_type)
        cross join lateral (${read(
          `events where ${within('type', 'wanted_type')}`,
          indexKey('type', 'sequence'),
          direction,
        )} limit $3) as event order by sequence ${direction}`,
    ),
  };
}

/**
 * A row if events after `$1` are archived: the last of those. It is of the same statement as the
 * events, so no event is missing without it.
 */
function archivedAfter(extra = '', condition = ''): string {
  return `select archived_through, null, null, null, null, null, null, null, null, null, null, null,
      null${extra} from log_head where archived_through > $1::bigint ${condition}`;
}

/**
 * A condition for rows with one value of a column and a sequence in the page. It consists of row
 * comparisons, so that only the index of the column has the required order. With `column = value
 * and sequence > $1`, a generic plan reads all events in order of sequence and expects to fill the
 * page soon: 40 ms for a type that does not occur in 200,000 events, and more as the log grows.
 * With a range of the key alone, or with plain equality, it expects few events, and sorts all of
 * them for a page.
 */
function within(column: string, value: string): string {
  const key = indexKey(column, 'sequence');
  const low = indexKey(value, '$1::bigint');
  const high = indexKey(value, `least($2::bigint, ${indexSequenceMax})`);
  return `(${key}, sequence) > (${low}, $1) and (${key}, sequence) < (${high}, $2)
    and coalesce(${column} = ${value}, false)`;
}

type BothDirections = Readonly<Record<'ascending' | 'descending', Query>>;

function inBothDirections(name: string, text: (direction: string) => string): BothDirections {
  return {
    ascending: { name, text: text('asc') },
    descending: { name: `${name}_descending`, text: text('desc') },
  };
}
