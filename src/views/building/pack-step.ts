import type { Executor, Query } from '../../postgres/database.ts';

/** Where a sweep over the rows of a view continues; null at the end. */
export interface Sweep {
  readonly documents: { readonly key: string } | null;
  readonly entries: { readonly partition: number; readonly block: number } | null;
  /** How many rows the sweep has examined and left. */
  readonly kept: number;
}

export const beginning: Sweep = {
  documents: { key: '' },
  entries: { partition: 0, block: 0 },
  kept: 0,
};

/** A view, the sequence up to which its history may be packed, and the sizes of packs. */
export interface PackedView {
  readonly id: number;
  readonly horizon: number;
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

const packDocuments: Query = {
  name: 'pack_documents',
  text: 'select * from pack_documents($1, $2, $3, $4, $5, $6)',
};

const packEntries: Query = {
  name: 'pack_entries',
  text: 'select * from pack_entries($1, $2, $3, $4, $5)',
};

const examinedMax = 2_000;

/**
 * Packs a limited part of the history of a view, in one transaction, and returns where the sweep
 * continues; null after the last part. Readers see every version and entry at all times.
 */
export async function packStep(
  executor: Executor,
  { id, horizon, sizes = usualSizes }: PackedView,
  { documents, entries, kept }: Sweep,
): Promise<Sweep | null> {
  if (documents !== null) {
    const [row] = await executor.query<{
      readonly next_key: string | null;
      readonly kept: number;
    }>(packDocuments, [id, horizon, documents.key, examinedMax, sizes.full, sizes.addedMin]);
    const { next_key: key = null, kept: left = 0 } = row ?? {};
    return { documents: key === null ? null : { key }, entries, kept: kept + left };
  }
  if (entries === null) return null;
  const { partition, block } = entries;
  const [row] = await executor.query<{
    readonly next_partition: number | null;
    readonly next_block: number | null;
    readonly examined: number;
  }>(packEntries, [id, horizon, partition, block, examinedMax]);
  const { next_partition: nextPartition = null, next_block: nextBlock = null } = row ?? {};
  const isOver = nextPartition === null || nextBlock === null;
  const next = isOver ? null : { partition: nextPartition, block: nextBlock };
  return { documents, entries: next, kept: kept + (row?.examined ?? 0) };
}
