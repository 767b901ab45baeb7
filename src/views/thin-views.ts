import { delay } from '../lib/delay.ts';
import type { Database, Executor, Query } from '../postgres/database.ts';
import { readViews, type ViewRow } from './store.ts';

interface ThinOptions {
  /** The sequence before which the views can no longer be read. */
  readonly before: number;
  /** The names of the views; all by default. */
  readonly views?: readonly string[];
  /** Called after each step, with the number of versions and entries that have been removed. */
  readonly onProgress?: (removed: number) => void;
  /** When it fires, no further step begins. */
  readonly signal?: AbortSignal;
}

/** How much of a view was removed. */
export interface ThinnedView {
  readonly name: string;
  /** The sequence from which the view can be read. */
  readonly historyFrom: number;
  /** Versions of documents. */
  readonly documents: number;
  /** Entries of lists. */
  readonly entries: number;
}

/** By then every server has seen from where views can be read, and reads nothing before it. */
const noticedMs = 3_000;
const rowsMax = 2_000;
const partitionsMax = 50;

/** What thinning would change: for each view, from where it can be read now and afterwards. */
export async function thinnable(
  executor: Executor,
  { before, views }: Pick<ThinOptions, 'before' | 'views'>,
): Promise<
  readonly (Pick<ThinnedView, 'name' | 'historyFrom'> & { readonly historyFromNow: number })[]
> {
  return (await readThinnable(executor, views)).map(({ name, historyFrom, checkpoint }) => ({
    name,
    historyFrom: Math.max(historyFrom, Math.min(before, checkpoint)),
    historyFromNow: historyFrom,
  }));
}

/**
 * Removes the history of views before a sequence. The state at the sequence and all later ones
 * stay. Reads before it fail with `ViewHistoryThinnedError` until the view is rebuilt. Servers may
 * run meanwhile. If it is interrupted, the next call removes the rest.
 *
 * Only the newest version of each view is thinned, and not beyond its checkpoint.
 */
export async function thinViews(
  database: Database,
  { before, views, onProgress, signal }: ThinOptions,
): Promise<readonly ThinnedView[]> {
  const wanted = await readThinnable(database, views);
  await database.query(setHistory, [wanted.map(({ id }) => id), before]);
  await delay(noticedMs, signal);
  const ids = new Set(wanted.map(({ id }) => id));
  const rows = (await readViews(database)).filter(({ id }) => ids.has(id));
  const thinned: ThinnedView[] = [];
  let removed = 0;
  for (const row of rows) {
    if (signal?.aborted) break;
    const report = (count: number): void => {
      removed += count;
      onProgress?.(removed);
    };
    thinned.push({
      name: row.name,
      historyFrom: row.historyFrom,
      documents: await thinDocuments(database, row, { report, signal }),
      entries: await thinEntries(database, row, { report, signal }),
    });
  }
  return thinned;
}

/** The row with the highest version of each view: only older programs read the others. */
async function readThinnable(
  executor: Executor,
  views: readonly string[] | undefined,
): Promise<readonly ViewRow[]> {
  const rows = await readViews(executor);
  return rows.filter(
    (row) =>
      row.checkpoint > 0 &&
      (views?.includes(row.name) ?? true) &&
      !rows.some(({ name, version }) => name === row.name && version > row.version),
  );
}

const setHistory: Query = {
  name: 'set_view_history',
  text: `with thinned as (
      update views set history_from = greatest(history_from, least($2, checkpoint))
      where id = any ($1::integer[]) returning id
    )
    select pg_notify('daybook_views', '') from thinned limit 1`,
};

const documentsQuery: Query = {
  name: 'thin_documents',
  text: 'select next_key as next, removed from thin_documents($1, $2, $3, $4)',
};

const entriesQuery: Query = {
  name: 'thin_entries',
  text: 'select next_partition as next, removed from thin_entries($1, $2, $3, $4)',
};

interface ThinnedRow<Next> {
  readonly next: Next | null;
  readonly removed: number;
}

interface Steps {
  readonly report: (count: number) => void;
  readonly signal: AbortSignal | undefined;
}

async function thinDocuments(
  database: Database,
  view: ViewRow,
  { report, signal }: Steps,
): Promise<number> {
  let removed = 0;
  for (let key: string | null = ''; key !== null && !signal?.aborted; ) {
    const [row]: readonly ThinnedRow<string>[] = await database.query<ThinnedRow<string>>(
      documentsQuery,
      [view.id, view.historyFrom, key, rowsMax],
    );
    key = row?.next ?? null;
    removed += row?.removed ?? 0;
    report(row?.removed ?? 0);
  }
  return removed;
}

async function thinEntries(
  database: Database,
  view: ViewRow,
  { report, signal }: Steps,
): Promise<number> {
  let removed = 0;
  for (let id: number | null = 0; id !== null && !signal?.aborted; ) {
    const [row]: readonly ThinnedRow<number>[] = await database.query<ThinnedRow<number>>(
      entriesQuery,
      [view.id, view.historyFrom, id, partitionsMax],
    );
    id = row?.next ?? null;
    removed += row?.removed ?? 0;
    report(row?.removed ?? 0);
  }
  return removed;
}
