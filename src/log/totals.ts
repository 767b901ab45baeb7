import type { Executor, Query } from '../postgres/database.ts';

/** The decimals to add up, and the streams whose events contain them. */
export interface TotalsRequest {
  readonly streamIds: readonly string[];
  /** The sequence up to which events are included. */
  readonly at: number;
  /** The members of the events' data to add up; they are decimals. */
  readonly members: readonly string[];
  /** The member of the events' data whose value groups the sums. */
  readonly by: string;
  /** Streams are added up in order, as long as the earlier ones have fewer events than this. */
  readonly eventsMax: number;
}

/** The sums of one stream. */
export interface StreamTotals {
  readonly streamId: string;
  readonly sums: readonly EventSum[];
}

/** The sum of one member; `label` is the value of `by`, or null for events without it. */
interface EventSum {
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
      select stream_id, ordinal, last_version,
        sum(last_version) over (order by ordinal) - last_version as events_before
      from unnest($1::text[]) with ordinality as requested (stream_id, ordinal)
      cross join lateral version_at(stream_id, $2) as last_version
    ) as bounded
    where events_before < $5 order by ordinal`,
};

/**
 * The sums of the streams, which the database adds up from the stored events without using any code
 * of this program. If the streams have many events, the result has fewer streams than were
 * requested, but always the first.
 */
export async function readTotals(
  executor: Executor,
  { streamIds, at, members, by, eventsMax }: TotalsRequest,
): Promise<readonly StreamTotals[]> {
  return executor.query<StreamTotals>(totals, [streamIds, at, members, by, eventsMax]);
}
