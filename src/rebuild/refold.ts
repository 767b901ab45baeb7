import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import type { SummedRow } from '../views/building/checksum.ts';
import { fold, touchedBy } from '../views/building/fold.ts';
import { pageSizeMax } from '../views/building/pace.ts';
import { type AnyView, type Placements, toPlacement } from '../views/lists/placement.ts';
import { readDocuments, type SequenceRange } from '../views/read.ts';

export interface RefoldedView {
  readonly view: AnyView;
  /** The id of its rows, which are right up to the beginning of the range. */
  readonly id: number;
}

/**
 * Folds a range of the log again into the documents that a view has stored before it, and returns
 * the rows that it must have in the range, in order of sequence. Stores nothing.
 */
export async function refoldRange(
  executor: Executor,
  log: Pick<Log, 'events'>,
  { view, id }: RefoldedView,
  { after, upTo }: SequenceRange,
): Promise<readonly SummedRow[]> {
  const rows: SummedRow[] = [];
  const placements: Placements = new Map();
  for (let from = after; from < upTo; ) {
    const page = { after: from, before: upTo + 1, limit: pageSizeMax };
    const events = await log.events({}, page);
    const last = events.at(-1);
    if (last === undefined) break;
    const touched = touchedBy(view, events);
    const unknown = [...touched.keys].filter((key) => !placements.has(key));
    for (const { key, document } of await readDocuments(executor, id, unknown, after)) {
      placements.set(key, toPlacement(view, document, key, 0));
    }
    rows.push(...fold(view, touched, placements).documents);
    from = last.sequence;
  }
  return rows;
}
