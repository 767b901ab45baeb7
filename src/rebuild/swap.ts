import type { Log } from '../log/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { areEqual, fromHex, toHex } from '../views/building/checksum.ts';
import { readViews, type StoredViewRow } from '../views/store.ts';
import { buildRows } from './build.ts';
import { lockViews, rowsOf, swapRows } from './copies.ts';
import { RebuildError } from './errors.ts';
import type { Next } from './take-rows.ts';

/** How rows were swapped in. */
export interface Swapped {
  /** The sequence at which they were swapped in. */
  readonly sequence: number;
  /** Their checksum there; null if it is not known. */
  readonly checksum: string | null;
  /** Whether the checksum of what they have replaced was known there. */
  readonly isProved: boolean;
  readonly keptUntil: string;
}

interface SwapOptions {
  readonly acceptsDifferences: boolean;
  readonly signal: AbortSignal;
}

/** How many events a transaction folds at most while no view can advance. */
const behindMax = 2_000;

/**
 * Swaps rows in for the live ones, all in one transaction, at the sequence at which those are. In
 * it, the rows catch up, and their checksums are compared; rows whose checksum differs are left
 * out. Returns null, and changes nothing, if some are too far behind.
 */
export function swapAll(
  { database, log }: { readonly database: Database; readonly log: Pick<Log, 'events'> },
  nexts: readonly Next[],
  { acceptsDifferences, signal }: SwapOptions,
): Promise<ReadonlyMap<Next, Swapped> | null> {
  return database.withTransaction(async (executor) => {
    await lockViews(executor);
    const rows = await readViews(executor);
    const isFit = ({ moving }: Next): boolean => moving.parked === null;
    const pairs = nexts.filter(isFit).map((next) => ({ next, live: liveOf(next, rows) }));
    const building = pairs.map(({ next: { moving }, live }) => ({ moving, goal: live.checkpoint }));
    const isFar = building.some(({ moving, goal }) => goal - moving.checkpoint > behindMax);
    if (isFar || signal.aborted) return null;
    await buildRows(executor, building, { log, signal, onPage: async () => {} });
    const swapped = new Map<Next, Swapped>();
    for (const { next, live } of pairs) {
      if (!isFit(next)) continue;
      const isAlike = compareChecksums(next, live);
      if (isAlike === false && !acceptsDifferences) continue;
      swapped.set(next, await swapOne(executor, next, { live, isProved: isAlike === true }));
    }
    return swapped;
  });
}

interface Replaced {
  readonly live: StoredViewRow;
  readonly isProved: boolean;
}

async function swapOne(
  executor: Executor,
  { moving }: Next,
  { live, isProved }: Replaced,
): Promise<Swapped> {
  const { id, checkpoint: sequence, checksum, view } = moving;
  const keptUntil = await swapRows(executor, { name: view.name, live, next: { id } });
  return { sequence, checksum: checksum && toHex(checksum), isProved, keptUntil };
}

/** Whether both have the same checksum; null if they cannot be compared where they are. */
function compareChecksums({ moving }: Next, live: StoredViewRow): boolean | null {
  const { checksum, checksumSequence } = live;
  if (checksum === null || checksumSequence !== moving.checkpoint) return null;
  if (live.checkpoint !== moving.checkpoint || moving.checksum === null) return null;
  return areEqual(fromHex(checksum), moving.checksum);
}

function liveOf({ moving: { view } }: Next, rows: readonly StoredViewRow[]): StoredViewRow {
  const { live } = rowsOf(view, rows);
  if (live !== null) return live;
  const reason = `the view ${view.name} is no longer there: start a server of this version`;
  throw new RebuildError('VIEW_NOT_BUILT', view.name, reason);
}
