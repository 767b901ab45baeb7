import type { Executor, Query } from '../postgres/database.ts';

/** What to add up of the events of some streams. */
export interface TotalsRequest {
  readonly streamIds: readonly string[];
  /** Events up to this sequence count. */
  readonly at: number;
  /** Members of the events' data that are decimals. */
  readonly members: readonly string[];
  /** A member by which the sums are kept apart. */
  readonly by: string;
  /** Streams are added up in their order, while those before have fewer events than this. */
  readonly eventsMax: number;
}

/** The sums of one stream. */
export interface StreamTotals {
  readonly streamId: string;
  readonly sums: readonly EventSum[];
}

/** `label`: the value of `by`; null for events without it. */
export interface EventSum {
  readonly type: string;
  readonly label: string | null;
  readonly member: string;
  readonly total: string;
}

const totals: Query = {
  name: 'stream_totals',
  text: `select stream_id as "streamId", coalesce((
      select json_agg(json_build_object(
        'type', type, 'label', label, 'member', member, 'total', total::text
      ))
      from (
        select type, data ->> $4 as label, member, sum((data ->> member)::numeric) as total
        from events cross join unnest($3::text[]) as wanted (member)
        where events.stream_id = bounded.stream_id and events.version <= bounded.last_version
          and data ->> member is not null
        group by type, label, member
      ) as summed
    ), '[]') as sums
    from (
      select stream_id, place, last_version,
        sum(last_version) over (order by place) - last_version as events_before
      from unnest($1::text[]) with ordinality as wished (stream_id, place)
      cross join lateral version_at(stream_id, $2) as last_version
    ) as bounded
    where events_before < $5 order by place`,
};

/**
 * The sums of the streams as the database itself adds up what is stored, whatever the program makes
 * of it; fewer streams than were wished for, but always the first, when they have many events.
 */
export async function readTotals(
  executor: Executor,
  { streamIds, at, members, by, eventsMax }: TotalsRequest,
): Promise<readonly StreamTotals[]> {
  return executor.query<StreamTotals>(totals, [streamIds, at, members, by, eventsMax]);
}
