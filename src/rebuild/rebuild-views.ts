import { delay } from '../lib/delay.ts';
import { withCopyConnection } from '../postgres/copy-out.ts';
import { sqlStateOf } from '../postgres/errors.ts';
import type { MovingView } from '../views/building/advance.ts';
import { assertEventsHere } from './assert-here.ts';
import { buildRows } from './build.ts';
import { failCopy, readRowsOf } from './copies.ts';
import { findDifference } from './difference.ts';
import { dropRows } from './drop-rows.ts';
import { RebuildError } from './errors.ts';
import { describe, type Rebuilt, unswapped } from './result.ts';
import { type Swapped, swapAll } from './swap.ts';
import { type Next, takeCopies, takeKept } from './take-rows.ts';
import {
  type RebuildParts,
  type RebuildRequest,
  type Running,
  type Take,
  withRows,
} from './under-lease.ts';

/**
 * Builds views again from the log, beside those that programs read, compares them at one sequence,
 * and swaps them in together, in one transaction. Continues with copies that an earlier rebuild has
 * left. A copy that differs, or that cannot be built, is kept with its error and not swapped in.
 *
 * Throws `RebuildError` if a view is not live, is being rebuilt already, or if the signal fires: a
 * later rebuild then continues. Throws `ArchivedError`, before it begins, if it needs archived
 * events.
 */
export function rebuildViews(
  parts: RebuildParts,
  request: RebuildRequest,
): Promise<readonly Rebuilt[]> {
  return withRows(parts, request, takeCopiesOf(parts), async (rebuild, nexts) => {
    await buildToLive(rebuild, nexts);
    const compared: Rebuilt[] = [];
    for (const next of nexts) compared.push(await compare(rebuild, next));
    const fit = nexts.filter((_next, index) => isFit(compared[index], request));
    const swapped = await swapWhenClose(rebuild, fit);
    const results: Rebuilt[] = [];
    for (const [index, next] of nexts.entries()) {
      const known = compared[index] as Rebuilt;
      const own = swapped.get(next) ?? null;
      // What was equal before has changed in between, so it is looked for again.
      const result =
        own === null && known.difference === null ? await compare(rebuild, next) : known;
      results.push({ ...result, swapped: own });
      if (own === null) await failCopy(rebuild.executor, next.moving, describe(result));
    }
    return results;
  });
}

/**
 * Swaps back what the last rebuild of each view has replaced, once that has caught up. Throws as
 * `rebuildViews` does.
 */
export function undoRebuild(
  parts: RebuildParts,
  request: RebuildRequest,
): Promise<readonly Rebuilt[]> {
  const take: Take = async (executor, views, leadership) => {
    await assertEventsHere(executor, parts.log, { views, of: 'kept' });
    return takeKept(executor, views, leadership);
  };
  return withRows(parts, request, take, async (rebuild, nexts) => {
    await buildToLive(rebuild, nexts);
    const unchecked = { ...rebuild, request: { ...request, acceptsDifferences: true } };
    const fit = nexts.filter(({ moving }) => moving.parked === null);
    const swapped = await swapWhenClose(unchecked, fit);
    return nexts.map((next) => ({
      ...unswapped(next),
      swapped: swapped.get(next) ?? null,
    }));
  });
}

/**
 * Builds copies of views from the log, compares them with the live ones, and drops them. Throws
 * as `rebuildViews` does.
 */
export function refoldViews(
  parts: RebuildParts,
  request: RebuildRequest,
): Promise<readonly Rebuilt[]> {
  return withRows(parts, request, takeCopiesOf(parts), async (rebuild, nexts) => {
    await buildToLive(rebuild, nexts);
    const compared: Rebuilt[] = [];
    for (const next of nexts) compared.push(await compare(rebuild, next));
    for (const { moving } of nexts) await dropRows(rebuild.executor, moving.id);
    return compared;
  });
}

/** Takes the copies of views, unless events that they need are archived. */
function takeCopiesOf({ log }: RebuildParts): Take {
  return async (executor, views, leadership) => {
    await assertEventsHere(executor, log, { views, of: 'copy' });
    return takeCopies(executor, views, leadership);
  };
}

/** Builds rows up to where the live ones are now, and packs them on the way. */
async function buildToLive(
  { parts: { log }, request, executor, signal, packing }: Running,
  nexts: readonly Next[],
): Promise<void> {
  const building: { readonly moving: MovingView; readonly goal: number }[] = [];
  for (const { moving } of nexts) {
    const { live } = await readRowsOf(executor, moving.view);
    building.push({ moving, goal: live?.checkpoint ?? 0 });
  }
  const onPage = async (): Promise<void> => {
    const working = building.map(({ moving }) => moving).filter(({ parked }) => parked === null);
    const sequence = Math.min(...working.map(({ checkpoint }) => checkpoint));
    const of = Math.max(...building.map(({ goal }) => goal));
    request.onProgress({ step: 'building', sequence: Math.min(sequence, of), of });
    packing.wake(working);
    if (packing.isBehind(working)) await packing.rest();
  };
  await onPage();
  await buildRows(executor, building, { log, signal, onPage });
  assertRunning(signal, nexts);
}

/** Compares a copy with the rows of the live view, up to where both are. */
async function compare(
  { parts: { url }, request, executor, signal }: Running,
  next: Next,
): Promise<Rebuilt> {
  const { moving } = next;
  if (moving.parked !== null) return unswapped(next);
  const { live } = await readRowsOf(executor, moving.view);
  if (live === null) throw notLive(moving.view.name);
  const at = Math.min(live.checkpoint, moving.checkpoint);
  request.onProgress({ step: 'comparing', sequence: at, of: at });
  const difference = await withCopyConnection(url, (connection) =>
    findDifference(connection, { moving, live, at }),
  );
  assertRunning(signal, [next]);
  return { ...unswapped(next), difference };
}

/** Swaps rows in as soon as they are close enough to the live ones. */
async function swapWhenClose(
  rebuild: Running,
  nexts: readonly Next[],
): Promise<ReadonlyMap<Next, Swapped>> {
  const { parts, request, signal } = rebuild;
  if (nexts.length === 0) return new Map();
  for (;;) {
    await buildToLive(rebuild, nexts);
    const sequence = Math.min(...nexts.map(({ moving }) => moving.checkpoint));
    request.onProgress({ step: 'swapping', sequence, of: sequence });
    try {
      const swapped = await swapAll(parts, nexts, { ...request, signal });
      if (swapped !== null) return swapped;
    } catch (error) {
      if (!isBusy(error)) throw error;
      await delay(busyMs, signal);
    }
  }
}

const busyMs = 500;

/** The views could not be locked in time; nothing has changed. */
function isBusy(error: unknown): boolean {
  return ['55P03', '40P01'].includes(sqlStateOf(error) ?? '');
}

function isFit(compared: Rebuilt | undefined, { acceptsDifferences }: RebuildRequest): boolean {
  if (compared === undefined || compared.failure !== null) return false;
  return compared.difference === null || acceptsDifferences;
}

function assertRunning(signal: AbortSignal, [next]: readonly Next[]): void {
  if (!signal.aborted) return;
  const name = next?.moving.view.name ?? '';
  const at = next?.moving.checkpoint ?? 0;
  const reason = `the rebuild was stopped at sequence ${at}: run it again to continue from there`;
  throw new RebuildError('REBUILD_STOPPED', name, reason);
}

function notLive(name: string): RebuildError {
  const reason = `the view ${name} is no longer there: start a server of this version`;
  return new RebuildError('VIEW_NOT_BUILT', name, reason);
}
