import type { Executor } from '../../postgres/database.ts';
import { type BlockAssigner, createBlockAssigner } from '../lists/assign-blocks.ts';
import type { BlockMemory, PartitionName } from '../lists/block-memory.ts';
import type { KnownPartition } from '../lists/blocks.ts';
import type { EntryChanges, ListEntry } from '../lists/entry-changes.ts';
import type { Changes } from './fold.ts';
import { readBlocks, takeBlockNumbers } from './read-current.ts';
import type { Checksums, RebalancedRange, ViewAdvance } from './write-page.ts';

/** The changes that a page of events makes to a view, with the blocks that are in memory. */
interface FoldedStep {
  readonly view: {
    readonly id: number;
    readonly checkpoint: number;
    readonly epoch: number | null;
    readonly blocks: BlockMemory;
  };
  readonly to: number;
  readonly toEventId: string | null;
  readonly changes: Changes;
  readonly sums: Checksums | null;
}

/** Assigns all entries to blocks. Blocks not in memory are read in one statement for all views. */
export async function putInBlocks(
  executor: Executor,
  steps: readonly FoldedStep[],
): Promise<readonly ViewAdvance[]> {
  await reserveNumbers(executor, steps);
  const assigned = steps.map((step) => {
    const assigner = createBlockAssigner(step.view.blocks);
    return { step, assigner, unknown: assigner.assignBlocks(step.changes) };
  });
  const missing = assigned.filter(({ unknown }) => entriesOf(unknown).length > 0);
  if (missing.length > 0) await readMissing(executor, missing);
  for (const { assigner, unknown } of missing) {
    assigner.addPartitions(entriesOf(unknown));
    assigner.assignBlocks(unknown);
  }
  return assigned.map(({ step: { view, to, toEventId, changes, sums }, assigner }) => ({
    id: view.id,
    epoch: view.epoch,
    from: view.checkpoint,
    to,
    toEventId,
    changes,
    assigner,
    rebalances: assigner.rebalances(),
    entriesMax: view.blocks.entriesMax,
    checksums: sums,
  }));
}

/** Updates the memory with the rebalanced blocks, once these have been stored. */
export function rememberBlocks(
  steps: readonly FoldedStep[],
  advances: readonly ViewAdvance[],
  rebalanced: readonly RebalancedRange[],
): void {
  if (rebalanced.length === 0) return;
  for (const [index, { rebalances }] of advances.entries()) {
    const partitions = new Map(rebalances.map(({ partition }) => [partition.id, partition]));
    for (const { partition, blocks } of rebalanced) {
      const known: KnownPartition | undefined = partitions.get(partition);
      if (known !== undefined) steps[index]?.view.blocks.put(known, blocks);
    }
  }
}

interface Unassigned {
  readonly step: FoldedStep;
  readonly assigner: BlockAssigner;
  readonly unknown: EntryChanges;
}

async function readMissing(executor: Executor, unassigned: readonly Unassigned[]): Promise<void> {
  const entries = unassigned.flatMap(({ step, unknown }) =>
    entriesOf(unknown).map((entry) => ({ view: step.view.id, ...entry })),
  );
  for (const { view, list, partition, id, block } of await readBlocks(executor, entries)) {
    const memory = unassigned.find(({ step }) => step.view.id === view)?.step.view.blocks;
    const name: PartitionName = { list, partition };
    if (memory !== undefined) memory.put(memory.find(name) ?? memory.add(name, id), [block]);
  }
}

const numbersReserved = 1_000;

/** Reserves enough numbers: a page needs at most a block and a partition for each opened entry. */
async function reserveNumbers(executor: Executor, steps: readonly FoldedStep[]): Promise<void> {
  const lacking = steps.filter(({ view, changes }) => {
    return view.blocks.reservedCount() < 2 * changes.opened.length;
  });
  if (lacking.length === 0) return;
  const counts = lacking.map(({ changes }) => 2 * changes.opened.length + numbersReserved);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const numbers = await takeBlockNumbers(executor, total);
  let taken = 0;
  for (const [index, { view }] of lacking.entries()) {
    const count = counts[index] ?? 0;
    view.blocks.reserve(numbers.slice(taken, taken + count));
    taken += count;
  }
}

function entriesOf({ opened, closed }: EntryChanges): readonly ListEntry[] {
  return [...opened, ...closed];
}
