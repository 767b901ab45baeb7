import { addNewPartition, type BlockMemory, type PartitionName } from './block-memory.ts';
import {
  type Block,
  blockOf,
  createBlock,
  isAdjacent,
  isAfterAll,
  isWhole,
  type KnownPartition,
  type ListPosition,
} from './blocks.ts';
import type { ClosedEntry, EntryChanges, ListEntry, OpenedEntry } from './place-changes.ts';

/** Assigns the list entries of one page of a view to blocks, as far as these are in memory. */
export interface BlockAssigner {
  readonly newPartitions: readonly NewPartition[];
  readonly splitBlocks: readonly SplitBlock[];
  /** Sets the blocks of the entries; returns the entries whose blocks have to be read first. */
  assignBlocks(changes: EntryChanges): EntryChanges;
  /** Creates the partitions that do not exist yet. */
  addPartitions(names: readonly PartitionName[]): void;
  /**
   * The runs of adjacent blocks that need a version split, because they are too full or have too
   * few live entries. Call it after all entries have been assigned.
   */
  rebalances(): readonly Rebalance[];
}

export interface NewPartition extends PartitionName {
  readonly id: number;
}

/** A new block that takes over the range from `low` on of an existing block, as of a sequence. */
export interface SplitBlock {
  readonly partition: number;
  readonly low: ListPosition;
  readonly from: number;
  readonly block: number;
}

/** Adjacent blocks to be replaced by new blocks with copies of their live entries. */
export interface Rebalance {
  readonly partition: KnownPartition;
  readonly run: readonly Block[];
}

export function createBlockAssigner(memory: BlockMemory): BlockAssigner {
  const page: AssignedPage = { memory, newPartitions: [], splitBlocks: [], touched: new Map() };
  return {
    newPartitions: page.newPartitions,
    splitBlocks: page.splitBlocks,
    assignBlocks: ({ opened, closed }) => ({
      opened: opened.filter((entry) => !open(page, entry)),
      closed: closed.filter((entry) => !close(page, entry)),
    }),
    addPartitions(names) {
      for (const { list, partition } of names) {
        if (memory.find({ list, partition }) !== undefined) continue;
        const { id } = addNewPartition(memory, { list, partition });
        page.newPartitions.push({ id, list, partition });
      }
    },
    rebalances: () => rebalancesOf(page),
  };
}

/** What one page of a view changes in the blocks. */
interface AssignedPage {
  readonly memory: BlockMemory;
  readonly newPartitions: NewPartition[];
  readonly splitBlocks: SplitBlock[];
  /** The blocks that have entries of the page, and the partition of each. */
  readonly touched: Map<Block, KnownPartition>;
}

/** Assigns a new entry; false if its block is not in memory. */
function open(page: AssignedPage, entry: OpenedEntry): boolean {
  let block = touchBlock(page, entry);
  if (block === undefined) return false;
  if (isAfterAll(block, entry)) {
    if (isFull(page, block)) block = splitOffBlock(page, block, entry);
    block.highest = { position: entry.position, key: entry.key };
  }
  block.entries += 1;
  if (entry.to === null) block.open += 1;
  entry.block = block.number;
  return true;
}

/** Assigns an entry that ends; false if its block is not in memory. */
function close(page: AssignedPage, entry: ClosedEntry): boolean {
  const block = touchBlock(page, entry);
  if (block === undefined) return false;
  block.open -= 1;
  entry.block = block.number;
  return true;
}

function touchBlock({ memory, touched }: AssignedPage, entry: ListEntry): Block | undefined {
  const partition = memory.find(entry);
  if (partition === undefined) return undefined;
  const block = blockOf(partition, entry);
  if (block !== undefined) touched.set(block, partition);
  return block;
}

/** Starts a new block at an entry that comes after all others; no live entry is copied. */
function splitOffBlock(
  { memory, splitBlocks, touched }: AssignedPage,
  before: Block,
  { position, key, from }: OpenedEntry,
): Block {
  const partition = touched.get(before);
  if (partition === undefined) return before;
  const low = { position, key };
  const split = createBlock(memory.takeNumber(), { low, high: before.high });
  before.high = low;
  memory.put(partition, [before, split]);
  splitBlocks.push({ partition: partition.id, low, from, block: split.number });
  touched.set(split, partition);
  return split;
}

/** The number of live entries below which a block has too few. */
function liveMinOf({ entriesMax }: BlockMemory): number {
  return Math.floor(entriesMax / 8);
}

function isFull({ memory }: AssignedPage, block: Block): boolean {
  return block.entries >= memory.entriesMax && block.open >= liveMinOf(memory);
}

function needsRebalance(memory: BlockMemory, block: Block): boolean {
  if (block.entries > memory.entriesMax) return true;
  const liveMin = liveMinOf(memory);
  const isEmptied = block.open < liveMin && block.entries - block.open >= liveMin;
  return isEmptied && !isWhole(block);
}

function rebalancesOf({ memory, touched }: AssignedPage): readonly Rebalance[] {
  const unbalanced = new Set<Block>();
  const partitions = new Set<KnownPartition>();
  for (const [block, partition] of touched) {
    if (!needsRebalance(memory, block)) continue;
    unbalanced.add(block);
    partitions.add(partition);
  }
  return [...partitions].flatMap((partition) =>
    runsOf(partition.blocks, unbalanced).map((run) => ({ partition, run })),
  );
}

/** The runs of adjacent blocks among those wanted. */
function runsOf(blocks: readonly Block[], wanted: ReadonlySet<Block>): readonly Block[][] {
  const runs: Block[][] = [];
  for (const block of blocks) {
    if (!wanted.has(block)) continue;
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run !== undefined && before !== undefined && isAdjacent(before, block)) run.push(block);
    else runs.push([block]);
  }
  return runs;
}
