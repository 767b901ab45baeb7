import type { Feed } from '../../feed/feed.ts';
import type { NewerProgram } from '../../feed/newer-program.ts';
import { readReadable } from '../../feed/readable-page.ts';
import type { StoredEvent } from '../../kernel/event.ts';
import { delay } from '../../lib/delay.ts';
import type { Logger } from '../../lib/logger.ts';
import { withTimeout } from '../../lib/with-timeout.ts';
import { ArchivedError } from '../../log/errors.ts';
import type { Log } from '../../log/log.ts';
import type { EventPage } from '../../log/read.ts';
import type { Database, Executor } from '../../postgres/database.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import type { Leadership } from '../../postgres/leadership.ts';
import type { AnyView } from '../lists/placement.ts';
import { readViews, registerView, setViewStatus } from '../store.ts';
import { advance, type MovingView, parkBefore, unparkFetched } from './advance.ts';
import { createDropReplaced } from './drop-replaced.ts';
import { createPace, pageSizeMax } from './pace.ts';
import { createPacking, type Packing } from './packing.ts';
import { leaveSwapped, takeViews } from './take-views.ts';

interface ViewLeaderOptions {
  /** Its connections pack the history of the views. */
  readonly database: Database;
  readonly log: Log;
  readonly feed: Feed;
  readonly logger: Logger;
  readonly views: readonly AnyView[];
  readonly newer: NewerProgram;
  /** Called whenever views may have advanced or changed their status. */
  readonly onMoved: (moving: readonly MovingView[]) => void;
}

const lookAroundMs = 1_000;
const reportMs = 2_000;
/** While the lease of rows that were swapped in is about to be released. */
const lookSoonMs = 20;
/** The state of an advance whose view is not where this process has left it. */
const notAtCheckpoint = 'DB004';
const behindMs = 20;

/**
 * Advances the views that no other process advances, until its leadership ends. Views that are up
 * to date advance together, page by page, as the log grows. Views that are behind are built from
 * the log between two pages of the others, until they have caught up.
 *
 * A view is advanced under a lease, and the database also checks its checkpoint, so two processes
 * cannot both advance it. Throws if the connection is lost or a check fails. Throws
 * `NewerEventError` if this program cannot read the next event: a program that can read it then
 * takes over the views.
 */
export async function runViewLeader(
  executor: Executor,
  options: ViewLeaderOptions,
  leadership: Leadership,
): Promise<void> {
  const { database, logger } = options;
  const packing = createPacking({ executor: database, logger, signal: leadership.signal });
  try {
    await leadViews(executor, { ...options, packing }, leadership);
  } finally {
    await packing.stop();
  }
}

interface LeadOptions extends ViewLeaderOptions {
  readonly packing: Packing;
}

async function leadViews(
  executor: Executor,
  options: LeadOptions,
  leadership: Leadership,
): Promise<void> {
  const { feed, log, views, onMoved, packing } = options;
  const { signal } = leadership;
  for (const view of views) await registerView(executor, view);
  const { epoch } = await log.head();
  const history = feed.history();
  const report = createReport(options);
  const moving: MovingView[] = [];
  const pace = createPace();
  const dropReplaced = createDropReplaced();
  let lookedAroundAt = Number.NEGATIVE_INFINITY;
  let swappedAt = Number.NEGATIVE_INFINITY;
  const lookAgainMs = (): number =>
    performance.now() - swappedAt < lookAroundMs && moving.length < views.length
      ? lookSoonMs
      : lookAroundMs;
  const advanceAll = async (led: readonly MovingView[], events: readonly StoredEvent[]) => {
    try {
      await advance(executor, led, events);
    } catch (error) {
      if (sqlStateOf(error) !== notAtCheckpoint) throw error;
      const isSwapped = await leaveSwapped(executor, moving, leadership);
      if (!isSwapped) throw error;
      swappedAt = performance.now();
    }
  };

  while (!signal.aborted) {
    if (performance.now() - lookedAroundAt > lookAgainMs()) {
      await lookAround(executor, options, { moving, leadership, epoch });
      await dropReplaced(executor, moving, leadership);
      lookedAroundAt = performance.now();
    }
    const active = moving.filter((view) => view.parked === null);
    const front = Math.max(0, ...active.map((view) => view.checkpoint));
    const rear = Math.min(front, ...active.map((view) => view.checkpoint));
    const isBehind = packing.isBehind(moving);
    if (isBehind) await waitForPacking(packing, active, signal);
    if (rear < front && !isBehind) {
      const page = { after: rear, before: front + 1, limit: pageSizeMax };
      const found = await readOrPark(executor, log, page, viewsAt(active, rear));
      if (found === null) continue;
      const { events, newer } = found;
      if (newer !== null && events.length === 0) throw newer;
      await advanceAll(viewsAt(active, rear), events);
      report(rear);
    }
    if (rear === front || feed.tail() > front) {
      const pauseMs = pace.pauseMs();
      if (pauseMs > 0) await delay(pauseMs, signal);
      const after = active.length === 0 ? feed.tail() : front;
      const events = await nextWithin(options, { after, history, waitMs: lookAgainMs() }, signal);
      pace.took(events.length);
      if (events.length > 0 && active.length > 0) {
        await advanceAll(viewsAt(active, front), events);
      }
    }
    await promote(executor, moving, feed.tail());
    onMoved(moving);
    packing.wake(moving);
  }
}

interface Led {
  readonly moving: MovingView[];
  readonly leadership: Leadership;
  readonly epoch: number;
}

/** Takes over views that no process advances, and notices what operators have done. */
async function lookAround(
  executor: Executor,
  options: LeadOptions,
  { moving, leadership, epoch }: Led,
): Promise<void> {
  await leaveSwapped(executor, moving, leadership);
  const taken = await takeViews(executor, options, { moving, leadership });
  for (const view of taken) view.epoch = epoch;
  moving.push(...taken);
  await noticeThinned(executor, moving);
  await unparkFetched(executor, moving);
}

/** A page of the log; null if it is archived, and the views that need it are parked. */
async function readOrPark(
  executor: Executor,
  log: Log,
  page: EventPage,
  views: readonly MovingView[],
): Promise<Awaited<ReturnType<typeof readReadable>> | null> {
  try {
    return await readReadable(log, {}, page);
  } catch (error) {
    if (!(error instanceof ArchivedError)) throw error;
    for (const view of views) await parkBefore(executor, view, error);
    return null;
  }
}

interface Wait {
  readonly after: number;
  readonly history: number;
  readonly waitMs: number;
}

/** Live views wait only for a moment, and the others until the history is packed. */
async function waitForPacking(
  packing: Packing,
  active: readonly MovingView[],
  signal: AbortSignal,
): Promise<void> {
  if (active.some(({ status }) => status === 'live')) await delay(behindMs, signal);
  else await packing.rest();
}

/** A page of the feed; empty if no event arrived before the leader has to look for leases again. */
function nextWithin(
  { feed }: ViewLeaderOptions,
  { after, history, waitMs }: Wait,
  signal: AbortSignal,
) {
  return withTimeout(signal, waitMs, (either) => feed.next(after, pageSizeMax, either, history));
}

function viewsAt(views: readonly MovingView[], checkpoint: number): readonly MovingView[] {
  return views.filter((view) => view.checkpoint === checkpoint);
}

/** Notices that an operator has thinned views. */
async function noticeThinned(executor: Executor, moving: readonly MovingView[]): Promise<void> {
  for (const { id, historyFrom } of await readViews(executor)) {
    const view = moving.find((each) => each.id === id);
    if (view !== undefined) view.historyFrom = historyFrom;
  }
}

/**
 * Makes views live once they have caught up with another live view or, if there is none, with the
 * last page of the log.
 */
async function promote(
  executor: Executor,
  moving: readonly MovingView[],
  tail: number,
): Promise<void> {
  const live = moving.filter(({ status, parked }) => status === 'live' && parked === null);
  const goal =
    live.length === 0 ? tail - pageSizeMax : Math.max(...live.map(({ checkpoint }) => checkpoint));
  const promoted = moving.filter(
    ({ status, parked, checkpoint }) =>
      status === 'building' && parked === null && checkpoint >= goal,
  );
  if (promoted.length === 0) return;
  // Uses one statement, so that no reader finds only some of them readable.
  await setViewStatus(
    executor,
    promoted.map(({ id }) => id),
    'live',
  );
  for (const view of promoted) view.status = 'live';
}

/** Logs the progress of views that are being built, at most every two seconds. */
function createReport({ feed, logger }: ViewLeaderOptions): (checkpoint: number) => void {
  let loggedAt = performance.now();
  return (checkpoint) => {
    if (performance.now() - loggedAt < reportMs) return;
    loggedAt = performance.now();
    logger.info({ checkpoint, of: feed.tail() }, 'views are being built');
  };
}
