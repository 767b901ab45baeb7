import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { StoredEvent } from '../../kernel/event.ts';
import { readArchived } from '../../log/archive.ts';
import { type ArchivedError, LogReplacedError } from '../../log/errors.ts';
import type { Executor } from '../../postgres/database.ts';
import { isConnectionLost, sqlStateOf, toOneLine } from '../../postgres/errors.ts';
import { type BlockMemory, createBlockMemory } from '../lists/block-memory.ts';
import { type AnyView, type Placement, type Placements, toPlacement } from '../lists/placement.ts';
import { type StoredViewRow, setViewStatus, type ViewError } from '../store.ts';
import { type Checksum, continueChecksum, emptyChecksum, fromHex } from './checksum.ts';
import { type Changes, fold, type Touched, touchedBy } from './fold.ts';
import { putInBlocks, rememberBlocks } from './put-in-blocks.ts';
import { readCurrentDocuments } from './read-current.ts';
import { advanceViews, type Checksums } from './write-page.ts';

const placementsMax = 20_000;
const turnMs = 10;

/** A version of a view in the memory of the process that advances it. */
export interface MovingView {
  readonly view: AnyView;
  readonly id: number;
  checkpoint: number;
  /** The epoch of the log when this process took the view over; null if it is not checked. */
  epoch: number | null;
  /** Building until it has caught up with the others. */
  status: 'building' | 'live';
  /** The view cannot be read before this sequence. */
  historyFrom: number;
  /** Not null if the view failed on an event; a parked view does not advance. */
  parked: ViewError | null;
  /** The checksum of all rows; null if it is not known. */
  checksum: Checksum | null;
  /** Whether it is parked because the events after its checkpoint are archived. */
  waitsForArchive: boolean;
  readonly placements: LRUCache<string, Placement>;
  readonly blocks: BlockMemory;
}

/** A version of a view as a process takes it over, without the checksum of its rows. */
export function createMovingView(
  view: AnyView,
  id: number,
  checkpoint: number,
  status: 'building' | 'live',
  blocks: BlockMemory = createBlockMemory(),
): MovingView {
  const placements = new LRUCache<string, Placement>({ max: placementsMax });
  const checksum = checkpoint === 0 ? emptyChecksum : null;
  const moving = { view, id, checkpoint, epoch: null, status, historyFrom: 0, parked: null };
  return { ...moving, checksum, waitsForArchive: false, placements, blocks };
}

/**
 * Takes the stored checksum over, unless it is not that of the checkpoint. No program leaves it so;
 * until a view that was altered by hand is rebuilt, it goes on without a checksum.
 */
export function takeChecksum(
  moving: MovingView,
  { checksum, checksumSequence }: Pick<StoredViewRow, 'checksum' | 'checksumSequence'>,
): void {
  if (checksum === null || checksumSequence !== moving.checkpoint) return;
  moving.checksum = fromHex(checksum);
}

/**
 * Folds a page of the log, in one transaction, into views whose checkpoint is right before the
 * page. A view that fails on an event is advanced to the previous event and parked; the others
 * continue.
 *
 * Throws, and advances no view, if another process has advanced them, if the events are not in the
 * log (`LogReplacedError`), or if the database cannot be reached or has run out of time or space.
 * In these cases, no view is parked.
 */
export async function advance(
  executor: Executor,
  moving: readonly MovingView[],
  events: readonly StoredEvent[],
): Promise<void> {
  let steps: readonly Step[];
  try {
    steps = await advanceTogether(executor, moving, events);
  } catch (error) {
    for (const { placements, blocks } of moving) {
      placements.clear();
      blocks.clear();
    }
    if (!isFaultOfView(error)) throw error;
    return advanceApart(executor, moving, { events, error });
  }
  for (const { view, to, placements, changes, sums } of steps) {
    view.checkpoint = to;
    view.checksum = sums?.checksum ?? null;
    view.blocks.trim();
    for (const [key, placement] of placements) view.placements.set(key, placement);
    if (changes.failure !== null) {
      await park(executor, view, changes.failure.event, changes.failure.error);
    }
  }
}

async function advanceTogether(
  executor: Executor,
  moving: readonly MovingView[],
  events: readonly StoredEvent[],
): Promise<readonly Step[]> {
  const steps = await prepare(executor, moving, events);
  const moved = steps.filter(({ to, view }) => to > view.checkpoint);
  if (moved.length === 0) return steps;
  const advances = await putInBlocks(executor, moved);
  rememberBlocks(moved, advances, await advanceViews(executor, advances));
  return steps;
}

interface FailedPage {
  readonly events: readonly StoredEvent[];
  readonly error: unknown;
}

/** Finds the view that failed and, by halving the page, the event on which it failed. */
async function advanceApart(
  executor: Executor,
  moving: readonly MovingView[],
  { events, error }: FailedPage,
): Promise<void> {
  const [view] = moving;
  if (view === undefined) return;
  if (moving.length > 1) {
    for (const each of moving) await advance(executor, [each], events);
  } else if (events.length > 1) {
    const half = Math.ceil(events.length / 2);
    await advance(executor, moving, events.slice(0, half));
    if (view.parked === null) await advance(executor, moving, events.slice(half));
  } else {
    await park(executor, view, events[0], error);
  }
}

/** Whether the code of a view has thrown, or its documents cannot be stored. */
function isFaultOfView(error: unknown): boolean {
  if (isConnectionLost(error) || error instanceof LogReplacedError) return false;
  const state = sqlStateOf(error);
  // Data exceptions, violated constraints, and exceeded limits, such as the size of an index row.
  return state === null || ['22', '23', '54'].includes(state.slice(0, 2));
}

interface Step {
  readonly view: MovingView;
  readonly to: number;
  /** The id of the event at `to`; null if the event is not in the page. */
  readonly toEventId: string | null;
  readonly changes: Changes;
  readonly sums: Checksums | null;
  readonly placements: Placements;
}

async function prepare(
  executor: Executor,
  moving: readonly MovingView[],
  events: readonly StoredEvent[],
): Promise<readonly Step[]> {
  const touched = moving.map(({ view }) => touchedBy(view, events));
  const placements = await placementsOf(executor, moving, touched);
  const last = events.at(-1)?.sequence;
  const steps: Step[] = [];
  let since = performance.now();
  for (const [index, view] of moving.entries()) {
    // A large page takes 100 ms or more for all views, so the event loop gets turns in between.
    if (performance.now() - since > turnMs) {
      await nextTurn();
      since = performance.now();
    }
    const found = placements[index] ?? new Map();
    const changes = fold(view.view, touched[index] ?? untouched, found);
    const to = endOf(changes, last ?? view.checkpoint);
    const toEventId = events.findLast(({ sequence }) => sequence === to)?.id ?? null;
    const rows = { from: view.checkpoint, to, rows: changes.documents };
    const sums = view.checksum === null ? null : continueChecksum(view.checksum, rows);
    steps.push({ view, to, toEventId, changes, sums, placements: found });
  }
  return steps;
}

const untouched: Touched = { touches: [], keys: new Set(), failure: null };

function endOf({ failure }: Changes, last: number): number {
  return failure === null ? last : failure.event.sequence - 1;
}

/** The placements that the views need; those not in memory are read in one statement. */
async function placementsOf(
  executor: Executor,
  moving: readonly MovingView[],
  touched: readonly Touched[],
): Promise<readonly Placements[]> {
  const unknown: { view: number; key: string }[] = [];
  const found = moving.map(({ id, placements }, index) => {
    const known: Placements = new Map();
    for (const key of touched[index]?.keys ?? []) {
      const placement = placements.get(key);
      if (placement === undefined) unknown.push({ view: id, key });
      else known.set(key, placement);
    }
    return known;
  });
  for (const { view, key, document } of await readCurrentDocuments(executor, unknown)) {
    const index = moving.findIndex(({ id }) => id === view);
    const owner = moving[index]?.view;
    if (owner === undefined) continue;
    found[index]?.set(key, toPlacement(owner, document ?? undefined, key, 0));
  }
  return found;
}

/** Parks a view until the archived events after its checkpoint are here again. */
export async function parkBefore(
  executor: Executor,
  view: MovingView,
  cause: ArchivedError,
): Promise<void> {
  view.waitsForArchive = true;
  await park(executor, view, undefined, cause);
}

/** Goes on with views whose next events were fetched back. */
export async function unparkFetched(
  executor: Executor,
  moving: readonly MovingView[],
): Promise<void> {
  const waiting = moving.filter((view) => view.waitsForArchive);
  if (waiting.length === 0) return;
  const through = await readArchived(executor);
  for (const view of waiting.filter(({ checkpoint }) => checkpoint >= through)) {
    await setViewStatus(executor, [view.id], view.status);
    view.parked = null;
    view.waitsForArchive = false;
  }
}

async function park(
  executor: Executor,
  view: MovingView,
  event: StoredEvent | undefined,
  cause: unknown,
): Promise<void> {
  const { sequence = view.checkpoint, type = '' } = event ?? {};
  view.parked = { sequence, type, message: toOneLine(cause) };
  await setViewStatus(executor, [view.id], 'parked', view.parked);
}
