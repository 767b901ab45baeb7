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
import type { ClosedEntry, EntryChanges, ListEntry, OpenedEntry } from './entry-changes.ts';

/** Assigns the list entries of one page of a view to the blocks that are in memory. */
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

interface NewPartition extends PartitionName {
  readonly id: number;
}

/** A new block that takes over an existing block's range from `low` on, as of a sequence. */
interface SplitBlock {
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

/** What one page has changed in a block memory. */
interface Assignment {
  readonly memory: BlockMemory;
  readonly newPartitions: NewPartition[];
  readonly splitBlocks: SplitBlock[];
  readonly touched: Map<Block, KnownPartition>;
}

export function createBlockAssigner(memory: BlockMemory): BlockAssigner {
  const newPartitions: NewPartition[] = [];
  const splitBlocks: SplitBlock[] = [];
  const assignment: Assignment = { memory, newPartitions, splitBlocks, touched: new Map() };
  return {
    newPartitions,
    splitBlocks,
    assignBlocks: ({ opened, closed }) => ({
      opened: opened.filter((entry) => !assignOpened(assignment, entry)),
      closed: closed.filter((entry) => !assignClosed(assignment, entry)),
    }),
    addPartitions(names) {
      for (const { list, partition } of names) {
        if (memory.find({ list, partition }) !== undefined) continue;
        const { id } = addNewPartition(memory, { list, partition });
        newPartitions.push({ id, list, partition });
      }
    },
    rebalances: () => rebalancesOf(assignment),
  };
}

/** Sets the block of an entry; false if it is not in memory. */
function assignOpened(assignment: Assignment, entry: OpenedEntry): boolean {
  const { touched, memory } = assignment;
  const { entriesMax } = memory;
  let block = touchBlock(assignment, entry);
  if (block === undefined) return false;
  if (isAfterAll(block, entry)) {
    const partition = touched.get(block);
    const isFull = block.entries >= entriesMax && block.open >= liveMin(entriesMax);
    if (isFull && partition !== undefined) {
      block = splitOffBlock(assignment, partition, block, entry);
      touched.set(block, partition);
    }
    block.highest = { position: entry.position, key: entry.key };
  }
  block.entries += 1;
  if (entry.to === null) block.open += 1;
  entry.block = block.number;
  return true;
}

/** Sets the block of an entry; false if it is not in memory. */
function assignClosed(assignment: Assignment, entry: ClosedEntry): boolean {
  const block = touchBlock(assignment, entry);
  if (block === undefined) return false;
  block.open -= 1;
  entry.block = block.number;
  return true;
}

function touchBlock({ memory, touched }: Assignment, entry: ListEntry): Block | undefined {
  const partition = memory.find(entry);
  if (partition === undefined) return undefined;
  const block = blockOf(partition, entry);
  if (block !== undefined) touched.set(block, partition);
  return block;
}

/** Starts a new block at an entry that comes after all others; no live entry is copied. */
function splitOffBlock(
  { memory, splitBlocks }: Assignment,
  partition: KnownPartition,
  before: Block,
  { position, key, from }: OpenedEntry,
): Block {
  const low = { position, key };
  const split = createBlock(memory.takeNumber(), { low, high: before.high });
  before.high = low;
  memory.put(partition, [before, split]);
  splitBlocks.push({ partition: partition.id, low, from, block: split.number });
  return split;
}

function rebalancesOf({ memory, touched }: Assignment): readonly Rebalance[] {
  const unbalanced = new Set<Block>();
  const partitions = new Set<KnownPartition>();
  for (const [block, partition] of touched) {
    if (!needsRebalance(block, memory.entriesMax)) continue;
    unbalanced.add(block);
    partitions.add(partition);
  }
  return [...partitions].flatMap((partition) => {
    return runsOf(partition.blocks, unbalanced).map((run) => ({ partition, run }));
  });
}

function needsRebalance(block: Block, entriesMax: number): boolean {
  if (block.entries > entriesMax) return true;
  const few = liveMin(entriesMax);
  const isEmptied = block.open < few && block.entries - block.open >= few;
  return isEmptied && !isWhole(block);
}

/** The minimum number of live entries; a block with fewer has too few. */
function liveMin(entriesMax: number): number {
  return Math.floor(entriesMax / 8);
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
