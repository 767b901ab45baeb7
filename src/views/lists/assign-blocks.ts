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

interface NewPartition extends PartitionName {
  readonly id: number;
}

/** A new block that takes over the range from `low` on of an existing block, as of a sequence. */
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

export function createBlockAssigner(memory: BlockMemory): BlockAssigner {
  const { entriesMax } = memory;
  const liveMin = Math.floor(entriesMax / 8);
  const newPartitions: NewPartition[] = [];
  const splitBlocks: SplitBlock[] = [];
  const touched = new Map<Block, KnownPartition>();

  /** Starts a new block at an entry that comes after all others; no live entry is copied. */
  function splitOffBlock(
    partition: KnownPartition,
    before: Block,
    { position, key, from }: OpenedEntry,
  ) {
    const low = { position, key };
    const split = createBlock(memory.takeNumber(), { low, high: before.high });
    before.high = low;
    memory.put(partition, [before, split]);
    splitBlocks.push({ partition: partition.id, low, from, block: split.number });
    return split;
  }

  function touchBlock(entry: ListEntry): Block | undefined {
    const partition = memory.find(entry);
    if (partition === undefined) return undefined;
    const block = blockOf(partition, entry);
    if (block !== undefined) touched.set(block, partition);
    return block;
  }

  function open(entry: OpenedEntry): boolean {
    let block = touchBlock(entry);
    if (block === undefined) return false;
    if (isAfterAll(block, entry)) {
      const partition = touched.get(block);
      if (block.entries >= entriesMax && block.open >= liveMin && partition !== undefined) {
        block = splitOffBlock(partition, block, entry);
        touched.set(block, partition);
      }
      block.highest = { position: entry.position, key: entry.key };
    }
    block.entries += 1;
    if (entry.to === null) block.open += 1;
    entry.block = block.number;
    return true;
  }

  function close(entry: ClosedEntry): boolean {
    const block = touchBlock(entry);
    if (block === undefined) return false;
    block.open -= 1;
    entry.block = block.number;
    return true;
  }

  function needsRebalance(block: Block): boolean {
    if (block.entries > entriesMax) return true;
    const isEmptied = block.open < liveMin && block.entries - block.open >= liveMin;
    return isEmptied && !isWhole(block);
  }

  return {
    newPartitions,
    splitBlocks: splitBlocks,
    assignBlocks: ({ opened, closed }) => ({
      opened: opened.filter((entry) => !open(entry)),
      closed: closed.filter((entry) => !close(entry)),
    }),
    addPartitions(names) {
      for (const { list, partition } of names) {
        if (memory.find({ list, partition }) !== undefined) continue;
        const { id } = addNewPartition(memory, { list, partition });
        newPartitions.push({ id, list, partition });
      }
    },
    rebalances() {
      const unbalanced = new Set<Block>();
      const partitions = new Set<KnownPartition>();
      for (const [block, partition] of touched) {
        if (!needsRebalance(block)) continue;
        unbalanced.add(block);
        partitions.add(partition);
      }
      return [...partitions].flatMap((partition) => {
        return runsOf(partition.blocks, unbalanced).map((run) => ({ partition, run }));
      });
    },
  };
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
