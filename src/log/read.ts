import type { StoredEvent } from '../kernel/event.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { EventDecoder, EventRow } from './codec.ts';

/** Every member narrows; an absent one does not. */
export interface EventFilter {
  readonly id?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly streamId?: string | undefined;
  readonly actor?: string | undefined;
  readonly types?: readonly string[] | undefined;
}

/** Sequences strictly between `after` and `before`; the greatest first when `descending`. */
export interface EventPage {
  readonly after: number;
  readonly before: number;
  readonly limit: number;
  readonly descending: boolean;
  /** How many events one scan looks at, of which others than the first filter may pass none. */
  readonly lookedAtMax?: number;
}

/** What one statement has found of a page: it looks at a bounded number of events. */
export interface EventScan {
  readonly events: readonly StoredEvent[];
  /**
   * The sequence up to which it has looked, that one included, when it has stopped before the page
   * was full; null: the page is full, or nothing else of it passes the filter.
   */
  readonly stoppedAt: number | null;
}

/** About 15 ms, with all of them in memory. */
const lookedAtMaxDefault = 5_000;

const columns = `sequence, stream_id, version, id, type, schema_version, recorded_at, occurred_at,
  actor, command_id, correlation_id, causation_id, data`;
const all = inBothDirections(
  'events',
  (direction) => `select ${columns} from events where sequence > $1 and sequence < $2
    order by sequence ${direction} limit $3`,
);

// One text for each filter that leads through an index of its own, for it alone and for it with
// others, which are then checked row by row. A single text with every filter optional would get one
// generic plan: a scan of the log. So would nearly all if each text checked others that are absent:
// the planner expects these to leave next to nothing, and sorts all rows of an actor for a page.
const alone = leadingTexts('', (from, order) => `select ${columns} from ${from} order by ${order}`);
const withOthers = leadingTexts(
  '_and_others',
  // The row on which the looking ends comes back also when it does not pass: to tell where that is.
  (from, order) => `select * from (
      select ${columns}, ($5::text is null or correlation_id = $5)
          and ($6::text is null or stream_id = $6) and ($7::text is null or actor = $7)
          and ($8::text[] is null or type = any ($8)) as passes,
        row_number() over (order by ${order}) = $9::bigint as is_last
      from ${from} order by ${order} limit $9::bigint
    ) as looked_at where passes or is_last order by ${order}`,
);

/** A page of the log in order of sequence, however far it has to look: all of it. */
export function readEvents(
  executor: Executor,
  decode: EventDecoder,
  filter: EventFilter,
  page: EventPage,
): Promise<readonly StoredEvent[]> {
  const scan = (rest: EventPage) => scanEvents(executor, decode, filter, rest);
  return scanWhile(scan, page, () => true).then(({ events }) => events);
}

/** Scans on and on for a page while the condition holds: at least once. */
export async function scanWhile(
  scan: (page: EventPage) => Promise<EventScan>,
  page: EventPage,
  goesOn: () => boolean,
): Promise<EventScan> {
  let { events, stoppedAt } = await scan(page);
  while (stoppedAt !== null && goesOn()) {
    const bound = page.descending ? { before: stoppedAt } : { after: stoppedAt };
    const more = await scan({ ...page, ...bound, limit: page.limit - events.length });
    events = [...events, ...more.events];
    stoppedAt = more.stoppedAt;
  }
  return { events, stoppedAt };
}

/** As much of a page of the log as one bounded statement finds. */
export async function scanEvents(
  executor: Executor,
  decode: EventDecoder,
  filter: EventFilter,
  { after, before, limit, descending, lookedAtMax = lookedAtMaxDefault }: EventPage,
): Promise<EventScan> {
  const direction = descending ? 'descending' : 'ascending';
  const [leadingFilter, ...others] = order.filter((name) => filter[name] !== undefined);
  const values: unknown[] = [after, before, limit];
  let query = all[direction];
  if (leadingFilter !== undefined) {
    query = (others.length === 0 ? alone : withOthers)[leadingFilter][direction];
    values.push(leadingFilter === 'types' ? [...new Set(filter.types)] : filter[leadingFilter]);
  }
  if (others.length > 0) {
    const { correlationId = null, streamId = null, actor = null, types = null } = filter;
    values.push(correlationId, streamId, actor, types, lookedAtMax);
  }
  return toScan(await executor.query<ScannedRow>(query, values), decode, limit);
}

interface ScannedRow extends EventRow {
  /** Absent where the index alone decides. */
  readonly passes?: boolean;
  readonly is_last?: boolean;
}

function toScan(rows: readonly ScannedRow[], decode: EventDecoder, limit: number): EventScan {
  const last = rows.at(-1);
  if (last?.is_last !== true) return { events: rows.map(decode), stoppedAt: null };
  const events = rows.filter(({ passes }) => passes).map(decode);
  return { events, stoppedAt: events.length < limit ? last.sequence : null };
}

/** The filter that is expected to leave the fewest rows comes first; types never lead others. */
const order = ['id', 'correlationId', 'streamId', 'actor', 'types'] as const;

type ReadOrdered = (from: string, order: string) => string;

function leadingTexts(suffix: string, read: ReadOrdered) {
  const leading = (name: string, column: string): BothDirections =>
    inBothDirections(
      `${name}${suffix}`,
      (direction) =>
        `${read(
          `events where ${within(column, '$4')}`,
          `${column} ${direction}, sequence ${direction}`,
        )} limit $3`,
    );
  return {
    id: inBothDirections(
      `events_by_id${suffix}`,
      (direction) =>
        `${read(
          'events where id = $4 and sequence > $1 and sequence < $2',
          `sequence ${direction}`,
        )} limit $3`,
    ),
    correlationId: leading('events_by_correlation', 'correlation_id'),
    // In a stream the order of versions is that of sequences, and has an index already.
    streamId: inBothDirections(
      `events_by_stream${suffix}`,
      (direction) =>
        `${read(
          `events where stream_id = $4 and version > version_at($4, $1::bigint)
          and version <= version_at($4, $2::bigint - 1)`,
          `stream_id ${direction}, version ${direction}`,
        )} limit $3`,
    ),
    actor: leading('events_by_actor', 'actor'),
    // A page of each type, then the page of all: the index holds the order within one type only.
    types: inBothDirections(
      `events_by_types${suffix}`,
      (direction) => `select ${columns} from unnest($4::text[]) as wanted (wanted_type)
        cross join lateral (${read(
          `events where ${within('type', 'wanted_type')}`,
          `type ${direction}, sequence ${direction}`,
        )} limit $3) as event order by sequence ${direction} limit $3`,
    ),
  };
}

/**
 * Rows of one value of a column with a sequence in the page, said so that only the index on both has
 * their order. Said as `column = value and sequence > $1`, a generic plan goes through all events in
 * order of sequence, hoping for a full page soon: 40 ms for a type of which there is none in 200,000
 * events, and ever more as the log grows.
 */
function within(column: string, value: string): string {
  return `(${column}, sequence) > (${value}, $1) and (${column}, sequence) < (${value}, $2)`;
}

type BothDirections = Readonly<Record<'ascending' | 'descending', Query>>;

function inBothDirections(name: string, text: (direction: string) => string): BothDirections {
  return {
    ascending: { name, text: text('asc') },
    descending: { name: `${name}_descending`, text: text('desc') },
  };
}
