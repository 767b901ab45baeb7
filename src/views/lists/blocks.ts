import { type CompareTexts, comparerFor } from '../../lib/byte-order.ts';

/** Where something stands in a list: by position, then by key. */
export interface PlaceInList {
  readonly position: string;
  readonly key: string;
}

/** How full a block of a partition is now, and the range of places that it holds. */
export interface Block {
  readonly number: number;
  readonly low: PlaceInList;
  /** Exclusive; null: to the end. */
  high: PlaceInList | null;
  /** Places that it has ever held. */
  entries: number;
  open: number;
  /** The last place that it has ever held; null: none. */
  highest: PlaceInList | null;
}

/** What is remembered of a partition: some of its blocks, in order. */
export interface KnownPartition {
  readonly id: number;
  readonly blocks: Block[];
}

export const beginning: PlaceInList = { position: '', key: '' };

/** The block of a partition that was never cut has the partition's own number. */
export function createBlock(number: number, range: Partial<Block> = {}): Block {
  return { low: beginning, high: null, entries: 0, open: 0, highest: null, ...range, number };
}

/** The block that holds a place now; undefined: it is not remembered. */
export function blockOf({ blocks }: KnownPartition, place: PlaceInList): Block | undefined {
  const last = blocks.at(-1);
  if (last === undefined) return undefined;
  const compare = comparerOf(place);
  if (compare(place, last.low) >= 0) return isBelow(place, last.high, compare) ? last : undefined;
  const found = blocks[indexAfter(blocks, place, compare) - 1];
  return found !== undefined && isBelow(place, found.high, compare) ? found : undefined;
}

/** Whether a place comes after all that a block has ever held. */
export function isAfterAll({ highest }: Block, place: PlaceInList): boolean {
  return highest === null || comparerOf(place)(place, highest) > 0;
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

type ComparePlaces = (a: PlaceInList, b: PlaceInList) => number;

const compareUsually = comparePlacesBy(comparerFor(''), comparerFor(''));
/** A document has its place in many partitions, one after the other. */
let last: PlaceInList & { compare: ComparePlaces } = { ...beginning, compare: compareUsually };

function comparerOf({ position, key }: PlaceInList): ComparePlaces {
  if (position === last.position && key === last.key) return last.compare;
  const compare = comparePlacesBy(comparerFor(position), comparerFor(key));
  last = { position, key, compare };
  return compare;
}

function comparePlacesBy(positions: CompareTexts, keys: CompareTexts): ComparePlaces {
  return (a, b) => positions(a.position, b.position) || keys(a.key, b.key);
}

function isBelow(place: PlaceInList, high: PlaceInList | null, compare: ComparePlaces): boolean {
  return high === null || compare(place, high) < 0;
}

/** How many blocks begin at a place or before it. */
function indexAfter(blocks: readonly Block[], place: PlaceInList, compare: ComparePlaces): number {
  let from = 0;
  let to = blocks.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compare(place, blocks[middle]?.low ?? beginning) >= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** How many blocks begin before a place. */
function indexBefore(blocks: readonly Block[], place: PlaceInList): number {
  const compare = comparerOf(place);
  const after = indexAfter(blocks, place, compare);
  const at = blocks[after - 1];
  return at !== undefined && compare(place, at.low) === 0 ? after - 1 : after;
}
