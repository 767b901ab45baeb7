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
const overtaken = 'DB004';

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
 * Throws, with nothing moved, when the connection is lost or another process has moved the views.
 */
export async function advance(
  executor: Executor,
  moving: readonly MovingView[],
  events: readonly StoredEvent[],
): Promise<void> {
  const steps = await Promise.all(moving.map((view) => prepare(executor, view, events)));
  const moved = steps.filter(({ to, view }) => to > view.checkpoint);
  try {
    if (moved.length > 0) await advanceViews(executor, moved.map(toAdvance));
  } catch (error) {
    for (const { standings } of moving) standings.clear();
    if (isConnectionLost(error) || sqlStateOf(error) === overtaken) throw error;
    if (moving.length > 1) {
      for (const view of moving) await advance(executor, [view], events);
      return;
    }
    for (const view of moving) await park(executor, view, events[0], error);
    return;
  }
  for (const { view, to, standings, changes } of steps) {
    view.checkpoint = to;
    for (const [key, standing] of standings) view.standings.set(key, standing);
    if (changes.failure !== null) {
      await park(executor, view, changes.failure.event, changes.failure.error);
    }
  }
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
  await setViewStatus(executor, view.id, 'parked', view.parked);
}
