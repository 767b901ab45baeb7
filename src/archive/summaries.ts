import type { Executor, Query } from '../postgres/database.ts';

/** Events after one sequence, up to another. */
export interface RangeToMove {
  readonly after: number;
  readonly last: number;
}

const streams: Query = {
  name: 'summarize_streams',
  text: `insert into archived_streams (
      stream_id, first_sequence, last_sequence, version, last_event_id
    )
    select distinct on (stream_id) stream_id,
      min(sequence) over (partition by stream_id), sequence, version, id
    from events where sequence > $1 and sequence <= $2 order by stream_id, version desc
    on conflict on constraint archived_streams_pkey do update
    set last_sequence = excluded.last_sequence, version = excluded.version,
      last_event_id = excluded.last_event_id
    where excluded.last_sequence > archived_streams.last_sequence`,
};
const erasures: Query = {
  name: 'summarize_erasures',
  text: `insert into archived_erasures (subject, recorded_at)
    select substr(stream_id, length('person-') + 1), recorded_at
    from events where sequence > $1 and sequence <= $2 and type = 'PersonErased'
    on conflict on constraint archived_erasures_pkey do nothing`,
};

/**
 * Writes what reads and decisions need of a range of events that will be archived. All of it is
 * true from now on, whether the events are here or not.
 */
export async function writeSummaries(
  executor: Executor,
  { after, last }: RangeToMove,
): Promise<void> {
  await executor.query(streams, [after, last]);
  await executor.query(erasures, [after, last]);
}
