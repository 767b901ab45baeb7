import type { JsonObject } from '../../kernel/event.ts';
import { toNumberArray, toTextArray } from '../../postgres/arrays.ts';
import type { Executor, Query } from '../../postgres/database.ts';
import type { PartitionName } from '../lists/block-memory.ts';
import type { Block, ListPosition } from '../lists/blocks.ts';

/** A key of a view, by the view's id. */
interface KeyOfView {
  readonly view: number;
  readonly key: string;
}

interface CurrentDocument extends KeyOfView {
  /** Null if the document no longer exists. */
  readonly document: JsonObject | null;
}

const current: Query = {
  name: 'current_documents',
  text: `select wanted.view_id as view, wanted.key, found.document
    from unnest($1::integer[], $2::text[]) as wanted (view_id, key)
    cross join lateral document_at(wanted.view_id, wanted.key, never_ends()) as found`,
};

/** The latest documents of some keys; leaves out a key that never had a document. */
export async function readCurrentDocuments(
  executor: Executor,
  keys: readonly KeyOfView[],
): Promise<readonly CurrentDocument[]> {
  if (keys.length === 0) return [];
  return executor.query<CurrentDocument>(current, [
    toNumberArray(keys.map(({ view }) => view)),
    toTextArray(keys.map(({ key }) => key)),
  ]);
}

/** An entry of a list, with the id of its view. */
interface EntryOfView extends PartitionName, ListPosition {
  readonly view: number;
}

/** A block, with its view, list and partition. */
interface LocatedBlock extends PartitionName {
  readonly view: number;
  readonly id: number;
  readonly block: Block;
}

/** A row that `measure_blocks` returns. */
export interface MeasuredRow {
  readonly partition_id: number;
  readonly low_position: string;
  readonly low_key: string;
  readonly high_position: string | null;
  readonly high_key: string | null;
  readonly block: number;
  readonly entries: number;
  readonly open: number;
  readonly lowest_position: string | null;
  readonly lowest_key: string | null;
  readonly highest_position: string | null;
  readonly highest_key: string | null;
}

interface LocatedRow extends MeasuredRow {
  readonly view_id: number;
  readonly list: string;
  readonly partition: string;
}

const findBlocks: Query = {
  name: 'find_blocks',
  text: 'select * from find_blocks($1, $2, $3, $4, $5)',
};

/** The current blocks of some list entries, each once; none for a partition that does not exist. */
export async function readBlocks(
  executor: Executor,
  entries: readonly EntryOfView[],
): Promise<readonly LocatedBlock[]> {
  const rows = await executor.query<LocatedRow>(findBlocks, [
    toNumberArray(entries.map(({ view }) => view)),
    toTextArray(entries.map(({ list }) => list)),
    toTextArray(entries.map(({ partition }) => partition)),
    toTextArray(entries.map(({ position }) => position)),
    toTextArray(entries.map(({ key }) => key)),
  ]);
  return rows.map((row) => ({
    view: row.view_id,
    list: row.list,
    partition: row.partition,
    id: row.partition_id,
    block: {
      number: row.block,
      low: { position: row.low_position, key: row.low_key },
      high: toListPosition(row.high_position, row.high_key),
      ...toFill(row),
    },
  }));
}

export function toListPosition(position: string | null, key: string | null): ListPosition | null {
  return position === null || key === null ? null : { position, key };
}

export function toFill(row: MeasuredRow): Pick<Block, 'entries' | 'open' | 'highest'> {
  const { entries, open } = row;
  return { entries, open, highest: toListPosition(row.highest_position, row.highest_key) };
}

const numbers: Query = {
  name: 'take_block_numbers',
  text: `select nextval('view_block_numbers') as number from generate_series(1, $1::integer)`,
};

/** Takes unique numbers for blocks and partitions from the sequence. */
export async function takeBlockNumbers(
  executor: Executor,
  count: number,
): Promise<readonly number[]> {
  const rows = await executor.query<{ readonly number: number }>(numbers, [count]);
  return rows.map(({ number }) => number);
}
