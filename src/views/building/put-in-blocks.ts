import type { Executor } from '../../postgres/database.ts';
import { createPlacing, type Placing } from '../lists/assign-blocks.ts';
import type { BlockMemory, PartitionName } from '../lists/block-memory.ts';
import type { KnownPartition } from '../lists/blocks.ts';
import type { Place, PlaceChanges } from '../lists/place-changes.ts';
import type { Changes } from './fold.ts';
import { readBlocks, takeBlockNumbers } from './read-current.ts';
import type { Advance, Refitted } from './write-page.ts';

/** What a page of events makes of a view whose blocks are remembered. */
export interface PlacedStep {
  readonly view: {
    readonly id: number;
    readonly checkpoint: number;
    readonly epoch: number | null;
    readonly blocks: BlockMemory;
  };
  readonly to: number;
  readonly toEventId: string | null;
  readonly changes: Changes;
}

/** Puts all places into blocks; those that are not remembered are read, of all views at once. */
export async function putInBlocks(
  executor: Executor,
  steps: readonly PlacedStep[],
): Promise<readonly Advance[]> {
  await reserveNumbers(executor, steps);
  const placed = steps.map((step) => {
    const placing = createPlacing(step.view.blocks);
    return { step, placing, unknown: placing.place(step.changes) };
  });
  const missing = placed.filter(({ unknown }) => placesOf(unknown).length > 0);
  if (missing.length > 0) await readMissing(executor, missing);
  for (const { placing, unknown } of missing) {
    placing.addPartitions(placesOf(unknown));
    placing.place(unknown);
  }
  return placed.map(({ step: { view, to, toEventId, changes }, placing }) => ({
    id: view.id,
    epoch: view.epoch,
    from: view.checkpoint,
    to,
    toEventId,
    changes,
    placing,
    refits: placing.refits(),
    entriesMax: view.blocks.entriesMax,
  }));
}

/** Takes in which blocks have been replaced, when that has been stored. */
export function rememberBlocks(
  steps: readonly PlacedStep[],
  advances: readonly Advance[],
  refitted: readonly Refitted[],
): void {
  if (refitted.length === 0) return;
  for (const [index, { refits }] of advances.entries()) {
    const partitions = new Map(refits.map(({ partition }) => [partition.id, partition]));
    for (const { partition, blocks } of refitted) {
      const known: KnownPartition | undefined = partitions.get(partition);
      if (known !== undefined) steps[index]?.view.blocks.put(known, blocks);
    }
  }
}

interface Unplaced {
  readonly step: PlacedStep;
  readonly placing: Placing;
  readonly unknown: PlaceChanges;
}

async function readMissing(executor: Executor, unplaced: readonly Unplaced[]): Promise<void> {
  const places = unplaced.flatMap(({ step, unknown }) =>
    placesOf(unknown).map((place) => ({ view: step.view.id, ...place })),
  );
  for (const { view, list, partition, id, block } of await readBlocks(executor, places)) {
    const memory = unplaced.find(({ step }) => step.view.id === view)?.step.view.blocks;
    const name: PartitionName = { list, partition };
    if (memory !== undefined) memory.put(memory.find(name) ?? memory.add(name, id), [block]);
  }
}

const numbersReserved = 1_000;

/** As many numbers as a page can need: a block, or a partition, for each place that it opens. */
async function reserveNumbers(executor: Executor, steps: readonly PlacedStep[]): Promise<void> {
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

function placesOf({ opened, closed }: PlaceChanges): readonly Place[] {
  return [...opened, ...closed];
}
