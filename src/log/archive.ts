import type { Executor, Query } from '../postgres/database.ts';

/** A range of events that were moved to files. */
export interface ArchivedRange {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstAt: string;
  readonly lastAt: string;
  /** The hash of the event before the range, in hexadecimal. */
  readonly hashBefore: string;
  /** The hash of its last event. */
  readonly hash: string;
  readonly eventCount: number;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly archivedAt: string;
}

const ranges: Query = {
  name: 'archived_ranges',
  text: `select first_sequence as "firstSequence", last_sequence as "lastSequence",
      first_at as "firstAt", last_at as "lastAt", encode(hash_before, 'hex') as "hashBefore",
      encode(hash, 'hex') as hash, event_count as "eventCount", files, archived_at as "archivedAt"
    from archived_ranges order by first_sequence`,
};

/**
 * The archived ranges in order. They follow each other from event 1 on, and the first event that is
 * here follows the last of them: its chain continues from that range's hash.
 */
export async function archivedRanges(executor: Executor): Promise<readonly ArchivedRange[]> {
  return executor.query<ArchivedRange>(ranges);
}

const through: Query = {
  name: 'archived_through',
  text: 'select archived_through as through from log_head',
};

/** The last archived event; 0 if there is none. */
export async function readArchived(executor: Executor): Promise<number> {
  const [row] = await executor.query<{ readonly through: number }>(through);
  return row?.through ?? 0;
}
