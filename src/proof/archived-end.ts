import { type ArchivedRange, archivedRanges } from '../log/archive.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { beginningOf, type ChainPosition, type LogFault } from './chain.ts';
import type { SignedHead } from './signed-head.ts';

/** What has stayed of the archived events. */
interface ArchivedEnd {
  readonly ranges: readonly ArchivedRange[];
  /** Where the archived events end, and the chain goes on; the beginning if there are none. */
  readonly position: ChainPosition;
  /** What is wrong with the summaries; null if nothing is. */
  readonly fault: LogFault | null;
}

const lastBatch: Query = {
  name: 'last_archived_batch',
  text: `select batch.recorded_at::text as "batchAt", encode(batch.hash, 'hex') as "commandsHash",
      archived.last_at::text as "recordedAt",
      batch.recorded_at + (batch.event_count - 1) * interval '1 microsecond' = archived.last_at
        and batch.first_sequence + batch.event_count - 1 = archived.last_sequence as fits
    from archived_ranges as archived cross join lateral (
      select * from command_batches where command_batches.recorded_at <= archived.last_at
      order by command_batches.recorded_at desc limit 1
    ) as batch
    where archived.last_sequence = $1`,
};

type LastBatch = Pick<ChainPosition, 'batchAt' | 'commandsHash' | 'recordedAt'> & {
  readonly fits: boolean;
};

const strays: Query = {
  name: 'events_before_archived_end',
  text: `select archived_through as through, (
      select min(sequence) from events where sequence <= $1
    ) as stray from log_head`,
};

interface Strays {
  readonly through: number;
  readonly stray: number | null;
}

/** Reads where the archived events of a log end, and checks that their summaries are a chain. */
export async function readArchivedEnd(executor: Executor, ledger: string): Promise<ArchivedEnd> {
  const ranges = await archivedRanges(executor);
  const beginning = beginningOf(ledger);
  let { sequence, hash } = beginning;
  const broken = (reason: string): ArchivedEnd => ({
    ranges,
    position: beginning,
    fault: { sequence, reason },
  });
  for (const range of ranges) {
    const { firstSequence, lastSequence, hashBefore, eventCount } = range;
    const isNext = firstSequence === sequence + 1 && hashBefore === hash;
    sequence += 1;
    if (!isNext || eventCount !== lastSequence - firstSequence + 1) return broken(changed);
    ({ lastSequence: sequence, hash } = range);
  }
  const [head] = await executor.query<Strays>(strays, [sequence]);
  if (head?.through !== sequence) {
    sequence = Math.min(sequence, head?.through ?? 0) + 1;
    return broken(changed);
  }
  if (head.stray !== null) {
    sequence = head.stray;
    return broken('the event is archived, and yet an event with its sequence is in the database');
  }
  if (ranges.length === 0) return { ranges, position: beginning, fault: null };
  const [batch] = await executor.query<LastBatch>(lastBatch, [sequence]);
  if (batch?.fits !== true) return broken(changed);
  const { batchAt, commandsHash, recordedAt } = batch;
  const nextSequence = sequence + 1;
  const position = { sequence, hash, recordedAt, batchAt, commandsHash, nextSequence };
  return { ranges, position, fault: null };
}

const changed =
  'the summary of the archived events is not the one that was written: a row of archived_ranges ' +
  'was changed, removed or inserted';

const unfit: Query = {
  name: 'heads_of_archived_batches',
  text: `select number::integer from unnest($1::timestamptz[], $2::text[], $3::bigint[])
      with ordinality as signed (at, hash, sequence, number)
    where not exists (
      select from command_batches where recorded_at = at
        and encode(command_batches.hash, 'hex') = signed.hash
        and first_sequence + event_count - 1 = sequence
    ) order by number limit 1`,
};

/** The first signed head that the batches of archived events do not have; null if there is none. */
export async function findUnfitHead(
  executor: Executor,
  heads: readonly SignedHead[],
): Promise<LogFault | null> {
  const [row] = await executor.query<{ readonly number: number }>(unfit, [
    heads.map(({ batchAt }) => batchAt),
    heads.map(({ commandsHash }) => commandsHash),
    heads.map(({ sequence }) => sequence),
  ]);
  const head = heads[(row?.number ?? 0) - 1];
  if (head === undefined) return null;
  const { sequence, signedAt } = head;
  const reason = `the archived batches differ from the head that was signed at ${signedAt}`;
  return { sequence, reason };
}
