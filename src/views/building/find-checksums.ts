import type { Logger } from '../../lib/logger.ts';
import { toNumberArray } from '../../postgres/arrays.ts';
import type { Database, Executor, Query } from '../../postgres/database.ts';
import { toOneLine } from '../../postgres/errors.ts';
import { readViews } from '../store.ts';
import type { MovingView } from './advance.ts';
import {
  addChecksums,
  addRemoved,
  createChecksumParts,
  type SummedRow,
  toHex,
} from './checksum.ts';
import type { Checksums } from './write-page.ts';

/**
 * Finds the checksums of views that this process has taken over without one: those of an earlier
 * release, or that such a release has advanced. It reads their rows while the views advance.
 */
interface FindChecksums {
  /** Puts what was found into the views, and looks for what is missing. Does not wait for
   * the result. */
  look(moving: readonly MovingView[]): Promise<void>;
}

interface FindOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const retryMs = 10_000;

export function createFindChecksums({ database, logger, signal }: FindOptions): FindChecksums {
  let finding: Promise<void> | null = null;
  let found: { readonly view: MovingView; readonly sums: Checksums } | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function find(view: MovingView): Promise<void> {
    try {
      const sums = await sumRows(database, { id: view.id, upTo: view.summedAfter, signal });
      if (sums !== null) found = { view, sums };
    } catch (error) {
      failedAt = performance.now();
      const reason = toOneLine(error);
      logger.warn({ view: view.view.name, reason }, 'the checksum of a view could not be found');
    }
  }

  return {
    async look(moving) {
      if (found !== null && moving.includes(found.view)) {
        await adopt(database, found.view, found.sums);
      }
      found = null;
      if (finding !== null || signal.aborted || performance.now() - failedAt < retryMs) return;
      const unknown = moving.find(({ summedAfter, parked }) => summedAfter > 0 && parked === null);
      if (unknown === undefined) return;
      finding = find(unknown).finally(() => {
        finding = null;
      });
    },
  };
}

const oneSnapshot: Query = {
  name: 'snapshot_to_sum',
  text: 'set transaction isolation level repeatable read, read only',
};

const rowsPage: Query = {
  name: 'rows_to_sum',
  text: `select key, sequence, document::text as text, key as "lastKey", sequence as "lastSequence"
    from view_documents where view_id = $1 and (key, sequence) > ($2, $3)
    order by key, sequence limit 2000`,
};

const packsPage: Query = {
  name: 'packs_to_sum',
  text: `select version.key, version.sequence, version.document::text as text,
      pack.key as "lastKey", pack.sequence as "lastSequence"
    from (
      select * from view_document_packs where view_id = $1 and (key, sequence) > ($2, $3)
      order by key, sequence limit 100
    ) as pack
    cross join lateral unnest(pack.keys, pack.sequences, pack.documents)
      as version (key, sequence, document)
    order by pack.key, pack.sequence`,
};

interface Wanted {
  readonly id: number;
  readonly upTo: number;
  readonly signal: AbortSignal;
}

interface PagedRow extends SummedRow {
  readonly lastKey: string;
  readonly lastSequence: number;
}

/**
 * The checksums of the stored versions of a view up to a sequence; null if the signal has fired.
 * They are read in one snapshot, because packing moves versions meanwhile.
 */
function sumRows(database: Database, { id, upTo, signal }: Wanted): Promise<Checksums | null> {
  return database.withTransaction(async (executor) => {
    await executor.query(oneSnapshot);
    const parts = createChecksumParts();
    for (const page of [rowsPage, packsPage]) {
      let [key, sequence]: readonly [string, number] = ['', 0];
      for (;;) {
        if (signal.aborted) return null;
        const rows = await executor.query<PagedRow>(page, [id, key, sequence]);
        for (const row of rows) if (row.sequence <= upTo) parts.add(row);
        const last = rows.at(-1);
        if (last === undefined) break;
        [key, sequence] = [last.lastKey, last.lastSequence];
      }
    }
    const row = (await readViews(executor)).find((each) => each.id === id);
    const sums = parts.upTo(upTo);
    return row === undefined ? sums : addRemoved(sums, row);
  });
}

const store: Query = {
  name: 'store_marks',
  text: `insert into view_checksums (view_id, sequence, checksum)
    select $1, sequence, decode(checksum, 'hex')
    from unnest($2::bigint[], $3::text[]) as mark (sequence, checksum)
    on conflict on constraint view_checksums_pkey do update set checksum = excluded.checksum`,
};

/** Adds the sums of the rows that were stored before the view was taken over. */
async function adopt(
  executor: Executor,
  view: MovingView,
  { checksum, marks }: Checksums,
): Promise<void> {
  const later = view.marks.map((mark) => ({
    sequence: mark.sequence,
    checksum: addChecksums(checksum, mark.checksum),
  }));
  const all = [...marks, ...later];
  await executor.query(store, [
    view.id,
    toNumberArray(all.map(({ sequence }) => sequence)),
    all.map((mark) => toHex(mark.checksum)),
  ]);
  view.checksum = addChecksums(checksum, view.checksum);
  view.summedAfter = 0;
  view.marks.length = 0;
}
