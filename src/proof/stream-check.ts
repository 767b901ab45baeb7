import type { Executor, Query } from '../postgres/database.ts';
import type { LogFault } from './chain.ts';

const misnumbered: Query = {
  name: 'misnumbered_event',
  // Both read an index in its order, so nothing is sorted, and no partition is read as a whole.
  text: `select min(sequence) as sequence, 'VERSION' as kind from (
      select sequence, version, stream_id, lag(version) over streams as before,
        lag(stream_id) over streams as stream_before
      from events window streams as (order by stream_id, version)
    ) as numbered
    where version <> case when stream_id = stream_before then before + 1 else coalesce((
      -- A summary may be of an archive that was interrupted, and so of events that are here.
      select case when last_sequence <= archived_through then archived.version + 1
        else numbered.version end
      from log_head, archived_streams as archived
      where archived.stream_id = numbered.stream_id and first_sequence <= archived_through
    ), 1) end
    union all
    select min(sequence), 'ID' from (
      select sequence, id, lag(id) over (order by id, sequence) as before from events
    ) as named where id = before`,
};

interface Misnumbered {
  readonly sequence: number | null;
  readonly kind: 'VERSION' | 'ID';
}

const reasons = {
  VERSION: 'the event does not have the next version of its stream',
  ID: 'the event has the id of another event',
};

/** The first event whose version is not the next of its stream, or whose id is not unique. */
export async function findMisnumbered(executor: Executor): Promise<LogFault | null> {
  const rows = await executor.query<Misnumbered>(misnumbered);
  let first: LogFault | null = null;
  for (const { sequence, kind } of rows) {
    if (sequence === null || (first !== null && first.sequence <= sequence)) continue;
    first = { sequence, reason: reasons[kind] };
  }
  return first;
}
