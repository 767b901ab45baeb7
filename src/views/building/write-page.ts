import { toReplacedError } from '../../log/epoch.ts';
import { toJsonArray, toNumberArray, toTextArray } from '../../postgres/arrays.ts';
import type { Executor, Query } from '../../postgres/database.ts';
import type { BlockAssigner, Rebalance } from '../lists/assign-blocks.ts';
import type { Block } from '../lists/blocks.ts';
import { type Checksum, type Mark, toHex } from './checksum.ts';
import type { Changes } from './fold.ts';
import { type MeasuredRow, toFill, toListPosition } from './read-current.ts';

/** The changes with which a view advances from a checkpoint to a later one. */
export interface ViewAdvance {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  /** The id of the event at `to`, and the epoch under which it was read; null if not checked. */
  readonly toEventId?: string | null;
  readonly epoch?: number | null;
  /** Every list entry has its block. */
  readonly changes: Changes;
  readonly assigner: Pick<BlockAssigner, 'newPartitions' | 'splitBlocks'>;
  readonly rebalances: readonly Rebalance[];
  readonly entriesMax: number;
  /** The checksums at `to` and at the marks before; null if they are not known. */
  readonly checksums: Checksums | null;
}

/** The checksum of a view at its checkpoint, and the marks that it has passed on the way. */
export interface Checksums {
  readonly checksum: Checksum;
  readonly marks: readonly Mark[];
}

/** The blocks that now hold a range of a partition, in place of all its previous blocks. */
export interface RebalancedRange {
  readonly partition: number;
  readonly blocks: readonly Block[];
}

const advance: Query = {
  name: 'advance_views',
  text: `select * from advance_views(
    $1, $2,
    record_checksums($1, assert_recorded($20, $3, $21), $22, $23, $24, $25),
    $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19
  )`,
};

/**
 * The `to_sequence` of an entry that is still current; `never_ends()` in the database returns it.
 */
const neverEnds = '9223372036854775807';

/**
 * Advances views in one transaction: documents, list entries and checkpoints together. Returns the
 * ranges whose blocks were rebalanced. Fails with SQLSTATE DB004, and has no effect, if one of the
 * views is not at its `from`, or has other blocks than the caller remembers. Throws
 * `LogReplacedError` if the log is no longer the one that was folded.
 */
export async function advanceViews(
  executor: Executor,
  advances: readonly ViewAdvance[],
): Promise<readonly RebalancedRange[]> {
  const rows = await executor
    .query<MeasuredRow>(advance, [
      toNumberArray(advances.map(({ id }) => id)),
      toNumberArray(advances.map(({ from }) => from)),
      toNumberArray(advances.map(({ to }) => to)),
      ...documentColumns(advances),
      ...closedColumns(advances),
      ...openedColumns(advances),
      ...blockRows(advances),
      advances[0]?.epoch ?? null,
      advances.map(({ toEventId = null }) => toEventId),
      ...checksumColumns(advances),
    ])
    .catch((error: unknown) => {
      throw toReplacedError(error);
    });
  return toRebalanced(rows);
}

function documentColumns(advances: readonly ViewAdvance[]): readonly (string | Buffer)[] {
  const views: number[] = [];
  const keys: string[] = [];
  const sequences: number[] = [];
  const texts: (string | null)[] = [];
  for (const { id, changes } of advances) {
    for (const { key, sequence, text } of changes.documents) {
      views.push(id);
      keys.push(key);
      sequences.push(sequence);
      texts.push(text);
    }
  }
  return [toNumberArray(views), toTextArray(keys), toNumberArray(sequences), toJsonArray(texts)];
}

function closedColumns(advances: readonly ViewAdvance[]): readonly string[] {
  const blocks: number[] = [];
  const positions: string[] = [];
  const keys: string[] = [];
  const ends: number[] = [];
  for (const { changes } of advances) {
    for (const { block, position, key, to } of changes.closed) {
      blocks.push(block);
      positions.push(position);
      keys.push(key);
      ends.push(to);
    }
  }
  return [toNumberArray(blocks), toTextArray(positions), toTextArray(keys), toNumberArray(ends)];
}

function openedColumns(advances: readonly ViewAdvance[]): readonly string[] {
  const blocks: number[] = [];
  const positions: string[] = [];
  const keys: string[] = [];
  const starts: number[] = [];
  const ends: (number | string)[] = [];
  for (const { changes } of advances) {
    for (const { block, position, key, from, to } of changes.opened) {
      blocks.push(block);
      positions.push(position);
      keys.push(key);
      starts.push(from);
      ends.push(to ?? neverEnds);
    }
  }
  return [
    toNumberArray(blocks),
    toTextArray(positions),
    toTextArray(keys),
    toNumberArray(starts),
    `{${ends.join(',')}}`,
  ];
}

function checksumColumns(advances: readonly ViewAdvance[]): readonly unknown[] {
  const marks = advances.flatMap(({ id, checksums }) =>
    (checksums?.marks ?? []).map(({ sequence, checksum }) => ({ id, sequence, checksum })),
  );
  return [
    advances.map(({ checksums }) => (checksums === null ? null : toHex(checksums.checksum))),
    toNumberArray(marks.map(({ id }) => id)),
    toNumberArray(marks.map(({ sequence }) => sequence)),
    marks.map(({ checksum }) => toHex(checksum)),
  ];
}

/** New partitions, split blocks and rebalances, by position, as `advance_views` reads them. */
function blockRows(advances: readonly ViewAdvance[]): readonly string[] {
  const partitions = advances.flatMap(({ id: view, assigner }) =>
    assigner.newPartitions.map(({ id, list, partition }) => [id, view, list, partition]),
  );
  const splits = advances.flatMap(({ assigner }) =>
    assigner.splitBlocks.map(({ partition, low, from, block }) => {
      return [partition, low.position, low.key, from, block];
    }),
  );
  const rebalanced = advances.flatMap(({ rebalances, to, entriesMax }) =>
    rebalances.map(({ partition, run }) => {
      const low = run[0]?.low;
      const numbers = run.map(({ number }) => number);
      return [partition.id, low?.position, low?.key, numbers, to, entriesMax];
    }),
  );
  return [partitions, splits, rebalanced].map((rows) => JSON.stringify(rows));
}

/** Groups rows by range; the rows of one range are consecutive. */
function toRebalanced(rows: readonly MeasuredRow[]): readonly RebalancedRange[] {
  const rebalanced: { partition: number; blocks: Block[] }[] = [];
  let before: MeasuredRow | undefined;
  for (const row of rows) {
    const isSame =
      before?.partition_id === row.partition_id &&
      before.low_position === row.low_position &&
      before.low_key === row.low_key &&
      before.high_position === row.high_position &&
      before.high_key === row.high_key;
    if (!isSame) rebalanced.push({ partition: row.partition_id, blocks: [] });
    const blocks = rebalanced.at(-1)?.blocks ?? [];
    const last = blocks.at(-1);
    const lowest = toListPosition(row.lowest_position, row.lowest_key);
    const low = { position: row.low_position, key: row.low_key };
    const high = toListPosition(row.high_position, row.high_key);
    const begins = last === undefined || lowest === null ? low : lowest;
    if (last !== undefined) last.high = begins;
    blocks.push({ number: row.block, low: begins, high, ...toFill(row) });
    before = row;
  }
  return rebalanced;
}
