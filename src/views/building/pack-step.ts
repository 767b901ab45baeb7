import type { Executor, Query } from '../../postgres/database.ts';

/** How far a sweep over the rows of a view is. */
interface Sweep {
  /** Where it continues with documents, then with entries of lists; null at the end. */
  readonly documents: { readonly key: string } | null;
  readonly entries: { readonly partition: number; readonly block: number } | null;
  /** How many of the rows that it has examined stay rows. */
  readonly kept: number;
  /** How many rows have moved into packs. */
  readonly moved: number;
}

export const beginning: Sweep = {
  documents: { key: '' },
  entries: { partition: 0, block: 0 },
  kept: 0,
  moved: 0,
};

/** A view, and what of it may be packed. */
interface PackedView {
  readonly id: number;
  /** What was replaced up to this sequence is packed. */
  readonly horizon: number;
  /** What was stored up to this sequence is packed, too, even if it is still current. */
  readonly settledAt: number;
  readonly sizes?: PackSizes;
}

/** In characters of JSON. */
interface PackSizes {
  /** A pack is full from this size on. A read decompresses a pack, so it is small. */
  readonly full: number;
  /** A pack is renewed if at least this much is added to it. */
  readonly addedMin: number;
}

const usualSizes: PackSizes = { full: 6_000, addedMin: 2_000 };
const examinedMax = 2_000;

/** Whether a sweep has examined all rows. */
export function isOver({ documents, entries }: Sweep): boolean {
  return documents === null && entries === null;
}

/**
 * Packs a limited part of the history of a view, in one transaction, and returns where the sweep
 * continues. Readers see every version and entry at all times.
 */
export async function packStep(executor: Executor, view: PackedView, sweep: Sweep): Promise<Sweep> {
  return sweep.documents === null
    ? packEntries(executor, view, sweep)
    : packDocuments(executor, view, sweep);
}

interface PackedRow {
  readonly kept: number;
  readonly moved: number;
}

const documentsQuery: Query = {
  name: 'pack_versions',
  text: 'select * from pack_versions($1, $2, $3, $4, $5, $6, $7)',
};

async function packDocuments(
  executor: Executor,
  { id, horizon, settledAt, sizes = usualSizes }: PackedView,
  { documents, entries, kept, moved }: Sweep,
): Promise<Sweep> {
  const [row] = await executor.query<PackedRow & { readonly next_key: string | null }>(
    documentsQuery,
    [id, horizon, settledAt, documents?.key, examinedMax, sizes.full, sizes.addedMin],
  );
  const key = row?.next_key ?? null;
  return {
    documents: key === null ? null : { key },
    entries,
    kept: kept + (row?.kept ?? 0),
    moved: moved + (row?.moved ?? 0),
  };
}

const entriesQuery: Query = {
  name: 'pack_list_entries',
  text: 'select * from pack_list_entries($1, $2, $3, $4, $5, $6)',
};

interface PackedEntriesRow extends PackedRow {
  readonly next_partition: number | null;
  readonly next_block: number | null;
}

async function packEntries(
  executor: Executor,
  { id, horizon, settledAt }: PackedView,
  { entries, kept, moved }: Sweep,
): Promise<Sweep> {
  const [row] = await executor.query<PackedEntriesRow>(entriesQuery, [
    id,
    horizon,
    settledAt,
    entries?.partition,
    entries?.block,
    examinedMax,
  ]);
  const partition = row?.next_partition ?? null;
  const block = row?.next_block ?? null;
  return {
    documents: null,
    entries: partition === null || block === null ? null : { partition, block },
    kept: kept + (row?.kept ?? 0),
    moved: moved + (row?.moved ?? 0),
  };
}
