import { type Block, createBlock, type KnownPartition, replaceBlocks } from './blocks.ts';

/** The list and the name that identify a partition of a view. */
export interface PartitionName {
  readonly list: string;
  readonly partition: string;
}

/**
 * The known blocks of the partitions of a view, and how full they are. The memory is correct as
 * long as its process is the only one that advances the view, which the lease and the checkpoint
 * ensure. It is cleared when an advance fails.
 */
export interface BlockMemory {
  /**
   * The entries that a block may contain before it is replaced. This bounds the entries that are
   * scanned without a result for a page of a list.
   */
  readonly entriesMax: number;
  find(name: PartitionName): KnownPartition | undefined;
  /** Adds a partition that is not known yet, without blocks. */
  add(name: PartitionName, id: number): KnownPartition;
  /** Replaces all known blocks in the range of the given blocks, which have no gap. */
  put(partition: KnownPartition, blocks: readonly Block[]): void;
  /** Takes a reserved number for a block or partition; throws if none is left. */
  takeNumber(): number;
  reserve(numbers: readonly number[]): void;
  reservedCount(): number;
  /** Clears the memory if it contains too many blocks. */
  trim(): void;
  clear(): void;
}

const entriesMaxUsual = 256;
const blocksKnownMax = 50_000;

export function createBlockMemory(entriesMax = entriesMaxUsual): BlockMemory {
  const lists = new Map<string, Map<string, KnownPartition>>();
  let numbers: number[] = [];
  let blockCount = 0;

  function clear(): void {
    lists.clear();
    blockCount = 0;
  }

  return {
    entriesMax,
    find: ({ list, partition }) => lists.get(list)?.get(partition),
    add({ list, partition }, id) {
      const partitions = lists.get(list) ?? new Map<string, KnownPartition>();
      const added: KnownPartition = { id, blocks: [] };
      lists.set(list, partitions.set(partition, added));
      return added;
    },
    takeNumber() {
      const number = numbers.pop();
      if (number === undefined) throw new Error('no reserved number is left for a block');
      return number;
    },
    reserve(added) {
      numbers = [...added, ...numbers];
    },
    reservedCount: () => numbers.length,
    put(partition, blocks) {
      const countBefore = partition.blocks.length;
      replaceBlocks(partition, blocks);
      blockCount += partition.blocks.length - countBefore;
    },
    trim() {
      if (blockCount > blocksKnownMax) clear();
    },
    clear,
  };
}

/** Adds a partition that does not exist in the database yet; it has one empty block. */
export function addNewPartition(memory: BlockMemory, name: PartitionName): KnownPartition {
  const partition = memory.add(name, memory.takeNumber());
  memory.put(partition, [createBlock(partition.id)]);
  return partition;
}
