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
}

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
const alone = leadingTexts('', '');
const withOthers = leadingTexts(
  '_and_others',
  `and ($5::text is null or correlation_id = $5) and ($6::text is null or stream_id = $6)
    and ($7::text is null or actor = $7) and ($8::text[] is null or type = any ($8))`,
);

/** A page of the log in order of sequence. */
export async function readEvents(
  executor: Executor,
  decode: EventDecoder,
  filter: EventFilter,
  { after, before, limit, descending }: EventPage,
): Promise<readonly StoredEvent[]> {
  const direction = descending ? 'descending' : 'ascending';
  const [lead, ...others] = order.filter((name) => filter[name] !== undefined);
  const values: unknown[] = [after, before, limit];
  let query = all[direction];
  if (lead !== undefined) {
    query = (others.length === 0 ? alone : withOthers)[lead][direction];
    values.push(lead === 'types' ? [...new Set(filter.types)] : filter[lead]);
  }
  if (others.length > 0) {
    const { correlationId = null, streamId = null, actor = null, types = null } = filter;
    values.push(correlationId, streamId, actor, types);
  }
  return (await executor.query<EventRow>(query, values)).map(decode);
}

/** The filter that is expected to leave the fewest rows comes first. */
const order = ['id', 'correlationId', 'streamId', 'actor', 'types'] as const;

function leadingTexts(suffix: string, rest: string) {
  const leading = (name: string, column: string): BothDirections =>
    inBothDirections(
      `${name}${suffix}`,
      (direction) => `select ${columns} from events where ${within(column, '$4')} ${rest}
        order by ${column} ${direction}, sequence ${direction} limit $3`,
    );
  return {
    id: inBothDirections(
      `events_by_id${suffix}`,
      (direction) => `select ${columns} from events
        where id = $4 and sequence > $1 and sequence < $2 ${rest}
        order by sequence ${direction} limit $3`,
    ),
    correlationId: leading('events_by_correlation', 'correlation_id'),
    // In a stream the order of versions is that of sequences, and has an index already.
    streamId: inBothDirections(
      `events_by_stream${suffix}`,
      (direction) => `select ${columns} from events where stream_id = $4
        and version > version_at($4, $1::bigint) and version <= version_at($4, $2::bigint - 1) ${rest}
        order by stream_id ${direction}, version ${direction} limit $3`,
    ),
    actor: leading('events_by_actor', 'actor'),
    // A page of each type, then the page of all: the index holds the order within one type only.
    types: inBothDirections(
      `events_by_types${suffix}`,
      (direction) => `select ${columns} from unnest($4::text[]) as wanted (wanted_type)
        cross join lateral (
          select ${columns} from events where ${within('type', 'wanted_type')} ${rest}
          order by type ${direction}, sequence ${direction} limit $3
        ) as event order by sequence ${direction} limit $3`,
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
