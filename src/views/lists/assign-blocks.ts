import { addNewPartition, type BlockMemory, type PartitionName } from './block-memory.ts';
import {
  type Block,
  blockOf,
  createBlock,
  isAdjacent,
  isAfterAll,
  isWhole,
  type KnownPartition,
  type PlaceInList,
} from './blocks.ts';
import type { ClosedPlace, OpenedPlace, Place, PlaceChanges } from './place-changes.ts';

/** Places of one page of a view that are being put into blocks, as far as these are remembered. */
export interface Placing {
  readonly newPartitions: readonly NewPartition[];
  readonly begunBlocks: readonly BegunBlock[];
  /** Tells the places their blocks; answers those whose blocks have to be looked up first. */
  place(changes: PlaceChanges): PlaceChanges;
  /** Makes the partitions that do not exist yet. */
  addPartitions(names: readonly PartitionName[]): void;
  /** The blocks, next to each other, that are too full or too empty after all has been placed. */
  refits(): readonly Refit[];
}

export interface NewPartition extends PartitionName {
  readonly id: number;
}

/** From a place and a sequence on, a new block instead of the one that ends before the place. */
export interface BegunBlock {
  readonly partition: number;
  readonly low: PlaceInList;
  readonly from: number;
  readonly block: number;
}

export interface Refit {
  readonly partition: KnownPartition;
  readonly run: readonly Block[];
}

export function createPlacing(memory: BlockMemory): Placing {
  const { entriesMax } = memory;
  const openMin = Math.floor(entriesMax / 8);
  const newPartitions: NewPartition[] = [];
  const begunBlocks: BegunBlock[] = [];
  const touched = new Map<Block, KnownPartition>();

  /** A block full of places that are open stays as it is when the next one comes after them. */
  function begin(partition: KnownPartition, before: Block, { position, key, from }: OpenedPlace) {
    const low = { position, key };
    const begun = createBlock(memory.takeNumber(), { low, high: before.high });
    before.high = low;
    memory.put(partition, [before, begun]);
    begunBlocks.push({ partition: partition.id, low, from, block: begun.number });
    return begun;
  }

  function holderOf(place: Place): Block | undefined {
    const partition = memory.find(place);
    if (partition === undefined) return undefined;
    const block = blockOf(partition, place);
    if (block !== undefined) touched.set(block, partition);
    return block;
  }

  function open(place: OpenedPlace): boolean {
    let block = holderOf(place);
    if (block === undefined) return false;
    if (isAfterAll(block, place)) {
      const partition = touched.get(block);
      if (block.entries >= entriesMax && block.open >= openMin && partition !== undefined) {
        block = begin(partition, block, place);
        touched.set(block, partition);
      }
      block.highest = { position: place.position, key: place.key };
    }
    block.entries += 1;
    if (place.to === null) block.open += 1;
    place.block = block.number;
    return true;
  }

  function close(place: ClosedPlace): boolean {
    const block = holderOf(place);
    if (block === undefined) return false;
    block.open -= 1;
    place.block = block.number;
    return true;
  }

  function isUnfit(block: Block): boolean {
    if (block.entries > entriesMax) return true;
    const isEmptied = block.open < openMin && block.entries - block.open >= openMin;
    return isEmptied && !isWhole(block);
  }

  return {
    newPartitions,
    begunBlocks,
    place: ({ opened, closed }) => ({
      opened: opened.filter((place) => !open(place)),
      closed: closed.filter((place) => !close(place)),
    }),
    addPartitions(names) {
      for (const { list, partition } of names) {
        if (memory.find({ list, partition }) !== undefined) continue;
        const { id } = addNewPartition(memory, { list, partition });
        newPartitions.push({ id, list, partition });
      }
    },
    refits() {
      const unfit = new Set<Block>();
      const partitions = new Set<KnownPartition>();
      for (const [block, partition] of touched) {
        if (!isUnfit(block)) continue;
        unfit.add(block);
        partitions.add(partition);
      }
      return [...partitions].flatMap((partition) => {
        return runsOf(partition.blocks, unfit).map((run) => ({ partition, run }));
      });
    },
  };
}

/** Blocks of a kind that are next to each other. */
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
