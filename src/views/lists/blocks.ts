import { type CompareTexts, comparerFor } from '../../lib/byte-order.ts';

/** Where something stands in a list: by position, then by key. */
export interface ListPosition {
  readonly position: string;
  readonly key: string;
}

/** How full a block of a partition is now, and the range of places that it holds. */
export interface Block {
  readonly number: number;
  readonly low: ListPosition;
  /** Exclusive; null: to the end. */
  high: ListPosition | null;
  /** Places that it has ever held. */
  entries: number;
  open: number;
  /** The last place that it has ever held; null: none. */
  highest: ListPosition | null;
}

/** What is remembered of a partition: some of its blocks, in order. */
export interface KnownPartition {
  readonly id: number;
  readonly blocks: Block[];
}

export const beginning: ListPosition = { position: '', key: '' };

/** The block of a partition that was never cut has the partition's own number. */
export function createBlock(number: number, range: Partial<Block> = {}): Block {
  return { low: beginning, high: null, entries: 0, open: 0, highest: null, ...range, number };
}

/** The block that holds a place now; undefined: it is not remembered. */
export function blockOf({ blocks }: KnownPartition, at: ListPosition): Block | undefined {
  const last = blocks.at(-1);
  if (last === undefined) return undefined;
  const compare = comparerOf(at);
  if (compare(at, last.low) >= 0) return isBelow(at, last.high, compare) ? last : undefined;
  const found = blocks[indexAfter(blocks, at, compare) - 1];
  return found !== undefined && isBelow(at, found.high, compare) ? found : undefined;
}

/** Whether a place comes after all that a block has ever held. */
export function isAfterAll({ highest }: Block, at: ListPosition): boolean {
  return highest === null || comparerOf(at)(at, highest) > 0;
}

/** Instead of all blocks in the range that these hold together, without a gap. */
export function replaceBlocks({ blocks }: KnownPartition, made: readonly Block[]): void {
  const [first] = made;
  const high = made.at(-1)?.high ?? null;
  if (first === undefined) return;
  const start = indexBefore(blocks, first.low);
  const end = high === null ? blocks.length : indexBefore(blocks, high);
  blocks.splice(start, end - start, ...made);
}

/** Whether the one block holds all places right before those of the other. */
export function isAdjacent({ high }: Block, { low }: Block): boolean {
  return high !== null && high.position === low.position && high.key === low.key;
}

export function isWhole({ low, high }: Block): boolean {
  return high === null && low.position === '' && low.key === '';
}

type ComparePositions = (a: ListPosition, b: ListPosition) => number;

const compareUsually = comparePositionsBy(comparerFor(''), comparerFor(''));
/** A document has its place in many partitions, one after the other. */
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

/** How many blocks begin at a place or before it. */
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

/** How many blocks begin before a place. */
function indexBefore(blocks: readonly Block[], at: ListPosition): number {
  const compare = comparerOf(at);
  const after = indexAfter(blocks, at, compare);
  const last = blocks[after - 1];
  return last !== undefined && compare(at, last.low) === 0 ? after - 1 : after;
}
