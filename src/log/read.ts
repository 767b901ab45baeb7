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
const page = 'sequence > $1 and sequence < $2';

// One text for each filter that leads through an index of its own; the others are then checked row
// by row. A single text with every filter optional would get one generic plan: a scan of the log.
const rest = `($5::text is null or correlation_id = $5) and ($6::text is null or stream_id = $6)
  and ($7::text is null or actor = $7) and ($8::text[] is null or type = any ($8))`;

const queries = {
  all: inBothDirections(
    'events',
    (order) => `select ${columns} from events where ${page} ${order}`,
  ),
  id: leading('events_by_id', 'id = $4'),
  correlationId: leading('events_by_correlation', 'correlation_id = $4'),
  streamId: leading('events_by_stream', 'stream_id = $4'),
  actor: leading('events_by_actor', 'actor = $4'),
  // A page of each type, then the page of all: the index holds the order within one type only.
  types: inBothDirections(
    'events_by_types',
    (order) => `select ${columns} from unnest($4::text[]) as wanted (wanted_type)
      cross join lateral (
        select ${columns} from events where ${page} and type = wanted_type and ${rest} ${order}
      ) as event ${order}`,
  ),
};

/** A page of the log in order of sequence. */
export async function readEvents(
  executor: Executor,
  decode: EventDecoder,
  filter: EventFilter,
  { after, before, limit, descending }: EventPage,
): Promise<readonly StoredEvent[]> {
  const lead = leadOf(filter);
  const query = queries[lead ?? 'all'][descending ? 'descending' : 'ascending'];
  const values: unknown[] = [after, before, limit];
  if (lead !== undefined) {
    const { correlationId = null, streamId = null, actor = null, types = null } = filter;
    const leading = lead === 'types' ? [...new Set(types)] : filter[lead];
    values.push(leading, correlationId, streamId, actor, types);
  }
  return (await executor.query<EventRow>(query, values)).map(decode);
}

/** The filter that is expected to leave the fewest rows. */
function leadOf(filter: EventFilter): keyof EventFilter | undefined {
  const order = ['id', 'correlationId', 'streamId', 'actor', 'types'] as const;
  return order.find((name) => filter[name] !== undefined);
}

function leading(name: string, condition: string): BothDirections {
  return inBothDirections(
    name,
    (order) => `select ${columns} from events where ${page} and ${condition} and ${rest} ${order}`,
  );
}

type BothDirections = Readonly<Record<'ascending' | 'descending', Query>>;

function inBothDirections(name: string, text: (order: string) => string): BothDirections {
  return {
    ascending: { name, text: text('order by sequence limit $3') },
    descending: { name: `${name}_descending`, text: text('order by sequence desc limit $3') },
  };
}
