import { LRUCache } from 'lru-cache';
import type { StoredEvent } from '../kernel/event.ts';
import type { Executor } from '../postgres/database.ts';
import { isConnectionLost, sqlStateOf, toOneLine } from '../postgres/errors.ts';
import {
  type AnyView,
  type Changes,
  fold,
  keysTouched,
  type Standing,
  type Standings,
  toStanding,
} from './fold.ts';
import {
  type Advance,
  advanceViews,
  readCurrentDocuments,
  setViewStatus,
  type ViewError,
} from './store.ts';

const standingsMax = 20_000;

/** A version of a view as the process that advances it holds it. */
export interface MovingView {
  readonly view: AnyView;
  readonly id: number;
  checkpoint: number;
  /** Building until it has caught up with the others. */
  status: 'building' | 'live';
  /** Set when the view has failed on an event: it is not moved any more. */
  parked: ViewError | null;
  readonly standings: LRUCache<string, Standing>;
}

export function createMovingView(
  view: AnyView,
  id: number,
  checkpoint: number,
  status: 'building' | 'live',
): MovingView {
  const standings = new LRUCache<string, Standing>({ max: standingsMax });
  return { view, id, checkpoint, status, parked: null, standings };
}

/**
 * Folds a page of the log into some views that stand right before it, in one transaction. A view
 * that fails is moved up to the event before, and parked; the others go on without it.
 *
 * Throws, with nothing moved, when another process has moved the views, or the database cannot be
 * reached or has no time or room: that is no view's fault.
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
    for (const { standings } of moving) standings.clear();
    if (!isFaultOfView(error)) throw error;
    return advanceApart(executor, moving, { events, error });
  }
  for (const { view, to, standings, changes } of steps) {
    view.checkpoint = to;
    for (const [key, standing] of standings) view.standings.set(key, standing);
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
  const steps: Step[] = [];
  for (const view of moving) steps.push(await prepare(executor, view, events));
  const moved = steps.filter(({ to, view }) => to > view.checkpoint);
  if (moved.length > 0) await advanceViews(executor, moved.map(toAdvance));
  return steps;
}

interface RefusedPage {
  readonly events: readonly StoredEvent[];
  readonly error: unknown;
}

/** Finds the view, and by halving the page the event, that was refused. */
async function advanceApart(
  executor: Executor,
  moving: readonly MovingView[],
  { events, error }: RefusedPage,
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

/** What a view has made cannot be stored, or its code has thrown. */
function isFaultOfView(error: unknown): boolean {
  if (isConnectionLost(error)) return false;
  const state = sqlStateOf(error);
  // Data exceptions, violated constraints, and what exceeds a limit, such as an index row.
  return state === null || ['22', '23', '54'].includes(state.slice(0, 2));
}

interface Step {
  readonly view: MovingView;
  readonly to: number;
  readonly changes: Changes;
  readonly standings: Standings;
}

async function prepare(
  executor: Executor,
  view: MovingView,
  events: readonly StoredEvent[],
): Promise<Step> {
  const standings = await standingsOf(executor, view, keysTouched(view.view, events));
  const changes = fold(view.view, events, standings);
  const last = events.at(-1)?.sequence ?? view.checkpoint;
  const to = changes.failure === null ? last : changes.failure.event.sequence - 1;
  return { view, to, changes, standings };
}

async function standingsOf(
  executor: Executor,
  { view, id, standings }: MovingView,
  keys: ReadonlySet<string>,
): Promise<Standings> {
  const found: Standings = new Map();
  const unknown: string[] = [];
  for (const key of keys) {
    const standing = standings.get(key);
    if (standing === undefined) unknown.push(key);
    else found.set(key, standing);
  }
  if (unknown.length === 0) return found;
  for (const [key, document] of await readCurrentDocuments(executor, id, unknown)) {
    found.set(key, toStanding(view, document, key));
  }
  return found;
}

function toAdvance({ view, to, changes }: Step): Advance {
  return { id: view.id, from: view.checkpoint, to, changes };
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
