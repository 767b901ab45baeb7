import type { LogPlace } from '../exports/chain.ts';
import { ExportError } from '../exports/errors.ts';
import { findPlace, readExportedHead } from '../exports/log-head.ts';
import type { Moment } from '../kernel/moment.ts';
import type { Executor, Query } from '../postgres/database.ts';

/** The range of events to archive, which ends with a batch. */
interface Cut {
  /** The last event that is archived already; 0 if there is none. */
  readonly after: number;
  /** The place where the range ends. Null: there is nothing to archive. */
  readonly until: LogPlace | null;
  /** Why the range ends before the moment that was asked for; null if it does not. */
  readonly reason: string | null;
}

// A reader needs the event at its checkpoint, too: it shows that the log is the one that it has
// read. Readers that begin before what is archived already wait for that, not for this.
const bounds: Query = {
  name: 'archive_bounds',
  text: `select what, last from (
      select 'the log ends at event ' || sequence as what, sequence - 1 as last from log_head
      union all
      select 'the view ' || name || ' is at event ' || checkpoint, checkpoint - 1 from views
      where version >= 0 and checkpoint >= (select archived_through from log_head)
      union all
      select 'the consumer ' || name || ' is at event ' || checkpoint, checkpoint - 1
      from consumers where checkpoint >= (select archived_through from log_head)
      union all
      select 'the bridge ' || name || ' is at event ' || checkpoint, checkpoint - 1 from bridges
      where direction = 'OUT' and checkpoint >= (select archived_through from log_head)
    ) as bound order by last, what limit 1`,
};

interface Bound {
  readonly what: string;
  /** The last event that is not needed. */
  readonly last: number;
}

const within: Query = {
  name: 'archive_moment',
  text: 'select sequence_within($1, sequence) as last from log_head',
};
const endOfBatch: Query = {
  name: 'archive_end_of_batch',
  text: `select case when first_sequence + event_count - 1 > $1 then first_sequence - 1
        else $1 end as last
    from command_batches
    where recorded_at <= (select recorded_at from events where sequence = $1)
    order by recorded_at desc limit 1`,
};

/** Finds what can be archived of the events up to a moment. */
export async function findCut(executor: Executor, moment: Moment): Promise<Cut> {
  const head = await readExportedHead(executor);
  const after = head.archivedThrough;
  const wanted = await lastAt(executor, moment, head.sequence);
  const [bound] = await executor.query<Bound>(bounds);
  const isBound = bound !== undefined && bound.last < wanted;
  const last = isBound ? bound.last : wanted;
  const reason = isBound ? `${bound.what}, and that one is still needed` : null;
  const [batch] =
    last > after ? await executor.query<{ readonly last: number }>(endOfBatch, [last]) : [];
  const end = batch?.last ?? 0;
  return { after, until: end > after ? await findPlace(executor, head, end) : null, reason };
}

/**
 * Throws `ExportError` if a reader that has begun meanwhile, such as a rebuild, needs an event up
 * to a sequence. The caller has locked the head of the log.
 */
export async function assertUnneeded(executor: Executor, last: number): Promise<void> {
  const [bound] = await executor.query<Bound>(bounds);
  if (bound === undefined || bound.last >= last) return;
  const what = `${bound.what}, and that one is still needed`;
  throw new ExportError('BUSY', `${what}: nothing was moved, run the same command again later`);
}

async function lastAt(executor: Executor, moment: Moment, head: number): Promise<number> {
  if (moment.kind === 'sequence') return Math.min(moment.sequence, head);
  const [row] = await executor.query<{ readonly last: number }>(within, [moment.time]);
  return row?.last ?? 0;
}
