import { createEventPredicate } from '../feed/event-predicate.ts';
import type { Feed } from '../feed/feed.ts';
import { type FeedPage, nextPage } from '../feed/next-page.ts';
import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import { planPage } from './plan-page.ts';
import { type SendOptions, sendDue } from './send-due.ts';
import { advanceConsumer, type ConsumerState } from './store.ts';

export interface ConsumerLeaderOptions extends SendOptions {
  readonly log: Log;
  readonly feed: Feed;
}

const lookMs = 1_000;
const saveMs = 1_000;
const clearedMax = 5_000;

/**
 * Runs a process manager until the signal fires: reads the log page by page, and sends the command
 * of each timer that is due. The caller holds the lease. The database also checks the checkpoint,
 * so two processes cannot both advance.
 *
 * No command is sent until all events that were in the log at the start are processed, because they
 * may clear timers. Later, a command may be sent while its timer is being cleared; the command then
 * finds nothing left to do.
 *
 * Throws if the connection is lost, the check fails, or the process manager fails on an event.
 */
export async function runConsumerLeader(
  executor: Executor,
  options: ConsumerLeaderOptions,
  { state, signal }: { readonly state: ConsumerState; readonly signal: AbortSignal },
): Promise<void> {
  const { log, feed, manager } = options;
  const filter = { types: manager.types };
  const history = feed.history();
  const { sequence: goal, epoch } = await log.head();
  const progress = createProgress(executor, options, { ...state, epoch });
  let lookAt = Number.NEGATIVE_INFINITY;

  while (!signal.aborted) {
    const isBehind = progress.position() < goal;
    const withinMs = isBehind ? lookMs : Math.min(lookMs, Math.max(0, lookAt - performance.now()));
    const page = await nextPage(
      { log, feed, filter, signal, history },
      progress.position(),
      withinMs,
    );
    if (page === null) return;
    const hasSet = await progress.take(page);
    if (hasSet) lookAt = Number.NEGATIVE_INFINITY;
    if (progress.position() < goal || performance.now() < lookAt) continue;
    const inMs = await sendDue(executor, options, { consumerId: state.id, signal });
    // The clock of the database may be changed, so the timers are checked every second.
    lookAt = performance.now() + Math.min(inMs, lookMs);
  }
}

/** The progress of a process manager, which may be ahead of its checkpoint in the database. */
interface Progress {
  /** The sequence up to which events are processed. */
  position(): number;
  /** Processes a page; returns whether it has set timers. */
  take(page: FeedPage): Promise<boolean>;
}

/**
 * A page that sets no timer is saved with the next save, at most once a second, together with the
 * timers that it clears. Saving each page would take one transaction for each append.
 */
function createProgress(
  executor: Executor,
  { manager }: ConsumerLeaderOptions,
  { id, version, checkpoint, error, epoch }: ConsumerState & { readonly epoch: number },
): Progress {
  const passes = createEventPredicate({ types: manager.types });
  let position = checkpoint;
  let saved = checkpoint;
  let savedAt = performance.now();
  let hasError = error !== null;
  const toClear = new Set<string>();
  return {
    position: () => position,
    async take({ events, end }) {
      const { cleared, set } = planPage(manager, events.filter(passes));
      for (const key of cleared) toClear.add(key);
      for (const { key } of set) toClear.delete(key);
      const isOverdue = performance.now() - savedAt >= saveMs && end > saved;
      const isFull = toClear.size >= clearedMax;
      if (set.length > 0 || isOverdue || isFull || hasError) {
        const toEventId = events.findLast(({ sequence }) => sequence === end)?.id ?? null;
        const step = { id, version, from: saved, to: end, toEventId, epoch };
        await advanceConsumer(executor, { ...step, cleared: [...toClear], set });
        toClear.clear();
        saved = end;
        savedAt = performance.now();
        hasError = false;
      }
      position = end;
      return set.length > 0;
    },
  };
}
