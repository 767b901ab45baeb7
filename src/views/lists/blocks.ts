import { type CompareTexts, comparerFor } from '../../lib/byte-order.ts';

/** A point in a list: ordered by position, then by key. */
export interface ListPosition {
  readonly position: string;
  readonly key: string;
}

/** A current block of a partition: its range of positions, and how full it is. */
export interface Block {
  readonly number: number;
  readonly low: ListPosition;
  /** Exclusive; null if the block reaches to the end of the list. */
  high: ListPosition | null;
  /** The number of all its entries, live or not. */
  entries: number;
  /** The number of its live entries. */
  open: number;
  /** The greatest position of all its entries, live or not; null if it has none. */
  highest: ListPosition | null;
}

/** A partition, and those of its blocks that are in memory, in order. */
export interface KnownPartition {
  readonly id: number;
  readonly blocks: Block[];
}

const beginning: ListPosition = { position: '', key: '' };

/** The only block of a partition that was never split has the number of the partition. */
export function createBlock(number: number, range: Partial<Block> = {}): Block {
  return { low: beginning, high: null, entries: 0, open: 0, highest: null, ...range, number };
}

/** The current block for a position; undefined if it is not in memory. */
export function blockOf({ blocks }: KnownPartition, at: ListPosition): Block | undefined {
  const last = blocks.at(-1);
  if (last === undefined) return undefined;
  const compare = comparerOf(at);
  if (compare(at, last.low) >= 0) return isBelow(at, last.high, compare) ? last : undefined;
  const found = blocks[indexAfter(blocks, at, compare) - 1];
  return found !== undefined && isBelow(at, found.high, compare) ? found : undefined;
}

/** Whether a position is after all entries of a block, live or not. */
export function isAfterAll({ highest }: Block, at: ListPosition): boolean {
  return highest === null || comparerOf(at)(at, highest) > 0;
}

/** Replaces all blocks in the range of the given blocks, which have no gap. */
export function replaceBlocks({ blocks }: KnownPartition, made: readonly Block[]): void {
  const [first] = made;
  const high = made.at(-1)?.high ?? null;
  if (first === undefined) return;
  const start = indexBefore(blocks, first.low);
  const end = high === null ? blocks.length : indexBefore(blocks, high);
  blocks.splice(start, end - start, ...made);
}

/** Whether the second block begins where the first one ends. */
export function isAdjacent({ high }: Block, { low }: Block): boolean {
  return high !== null && high.position === low.position && high.key === low.key;
}

/** Whether a block is the only one of its partition. */
export function isWhole({ low, high }: Block): boolean {
  return high === null && low.position === '' && low.key === '';
}

type ComparePositions = (a: ListPosition, b: ListPosition) => number;

const compareUsually = comparePositionsBy(comparerFor(''), comparerFor(''));
/** The last comparer, kept because a document has entries in several partitions in a row. */
let last: ListPosition & { compare: ComparePositions } = { ...beginning, compare: compareUsually };

function comparerOf({ position, key }: ListPosition): ComparePositions {
  if (position === last.position && key === last.key) return last.compare;
  const compare = comparePositionsBy(comparerFor(position), comparerFor(key));
  last = { position, key, compare };
  return compare;
}

function comparePositionsBy(positions: CompareTexts, keys: CompareTexts): ComparePositions {
  return (a, b) => positions(a.position, b.position) || keys(a.key, b.key);
}

function isBelow(at: ListPosition, high: ListPosition | null, compare: ComparePositions): boolean {
  return high === null || compare(at, high) < 0;
}

/** How many blocks begin at or before a position. */
function indexAfter(blocks: readonly Block[], at: ListPosition, compare: ComparePositions): number {
  let from = 0;
  let to = blocks.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compare(at, blocks[middle]?.low ?? beginning) >= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** How many blocks begin before a position. */
function indexBefore(blocks: readonly Block[], at: ListPosition): number {
  const compare = comparerOf(at);
  const after = indexAfter(blocks, at, compare);
  const last = blocks[after - 1];
  return last !== undefined && compare(at, last.low) === 0 ? after - 1 : after;
}
