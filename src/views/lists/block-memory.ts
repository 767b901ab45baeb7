import { type Block, createBlock, type KnownPartition, replaceBlocks } from './blocks.ts';

/** The names under which a partition of a view is remembered. */
export interface PartitionName {
  readonly list: string;
  readonly partition: string;
}

/**
 * Which blocks the partitions of a view have, as far as that is known, and how full they are. True
 * for as long as the process that remembers it is the only one that moves the view: the lock and the
 * checkpoint see to that. Forgotten when a step fails.
 */
export interface BlockMemory {
  /** Entries that a block holds before it is replaced: what a page may pass in vain. */
  readonly entriesMax: number;
  find(name: PartitionName): KnownPartition | undefined;
  /** One that is not known yet. */
  add(name: PartitionName, id: number): KnownPartition;
  /** Remembers blocks, without a gap, instead of all that were known in their range. */
  put(partition: KnownPartition, blocks: readonly Block[]): void;
  /** A number that no block or partition has, of those that were reserved; there must be one. */
  takeNumber(): number;
  reserve(numbers: readonly number[]): void;
  reservedCount(): number;
  /** Forgets the partitions when they have become too many. */
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
      if (number === undefined) throw new Error('no number was reserved for a block');
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

/** A partition that has just been made: one empty block. */
export function addNewPartition(memory: BlockMemory, name: PartitionName): KnownPartition {
  const partition = memory.add(name, memory.takeNumber());
  memory.put(partition, [createBlock(partition.id)]);
  return partition;
}
