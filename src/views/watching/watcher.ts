import type { Feed } from '../../feed/feed.ts';
import { UpgradeNeededError } from '../../kernel/upgrade-needed.ts';
import { delay } from '../../lib/delay.ts';
import type { Logger } from '../../lib/logger.ts';
import { LogReplacedError } from '../../log/errors.ts';
import type { Views } from '../views.ts';
import { createWatchRegistry } from './watch-registry.ts';
import type { SharedState, Watch, Watchable, WatchedState } from './watched-state.ts';

/** States that are read from views, live. */
export interface Watcher {
  /**
   * The state now, then after each event that changes it, in order, until the signal fires. A
   * reader that is slower than the changes misses some in between, but never the last. All who
   * watch the same thing are given the same states, each of which is read once. Throws what `reset`
   * was called with, and `UpgradeNeededError` when this program cannot read what happens next.
   */
  watch<State>(
    watchable: Watchable<State>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchedState<State>, void, undefined>;
  /** Ends all who watch with an error: the log is not the one that they have read. */
  reset(error: Error): void;
  /** How many things are watched. */
  watching(): number;
  start(): void;
  stop(): Promise<void>;
}

const pageSizeMax = 1_000;
const waitMs = 5_000;
const retryMs = 1_000;

/** One loop over the feed tells each event to those who watch what it may change. */
export function createWatcher(options: {
  readonly feed: Feed;
  readonly views: Pick<Views, 'checkpoint' | 'waitFor'>;
  readonly logger: Logger;
}): Watcher {
  const { feed, views, logger } = options;
  const stopping = new AbortController();
  const registry = createWatchRegistry((error) => logger.debug({ err: error }, 'no topics'));
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    let position = feed.tail();
    while (!stopping.signal.aborted) {
      try {
        for await (const events of feed.follow(position, pageSizeMax, stopping.signal)) {
          for (const event of events) {
            // Told earlier, each of the watchers would wait for the views by itself.
            if (!(await waitForViews(event.sequence, stopping.signal))) return;
            registry.tell(event);
          }
          position = events.at(-1)?.sequence ?? position;
        }
      } catch (error) {
        // The feed has said so; whoever begins to watch from now on is told at the next try.
        if (error instanceof UpgradeNeededError) registry.fail(error);
        else if (error instanceof LogReplacedError) position = feed.tail();
        else logger.error({ err: error, position }, 'watching stands still; trying again');
        await delay(retryMs, stopping.signal);
      }
    }
  }

  /** Waits until the views can be read at a sequence, however long; false when the signal fires. */
  async function waitForViews(sequence: number, signal: AbortSignal): Promise<boolean> {
    const history = feed.history();
    while (views.checkpoint() < sequence) {
      if (signal.aborted) return false;
      if (feed.history() !== history) throw new LogReplacedError();
      await views.waitFor(sequence, waitMs, signal);
    }
    return true;
  }

  async function* watch<State>(watchable: Watchable<State>, signal: AbortSignal) {
    const { watched, follow } = registry.find(watchable);
    const watch = watched.watch();
    try {
      // The watch exists already: it will be told, or has been, all events after this one.
      const start = Math.max(views.checkpoint(), feed.tail());
      if (!(await waitForViews(start, signal))) return;
      let shown: WatchedState<State> | null = null;
      let next: SharedState<State> | null = watched.first(start);
      while (next !== null) {
        const known: WatchedState<State> = await next.read();
        // What a state newly depends on may have changed before it was followed.
        if (follow(known)) watched.tell(Math.max(views.checkpoint(), known.sequence), null);
        if (shown === null || watchable.isNews(shown.state, known.state)) {
          shown = known;
          yield known;
          if (watchable.pauseMs !== undefined) await delay(watchable.pauseMs, signal);
        }
        next = await nextOf(watch, { after: known.sequence, watchable, signal });
      }
    } finally {
      watch.end();
    }
  }

  return {
    watch,
    reset: registry.fail,
    watching: registry.size,
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** The next state that is not older than the one before; null when the signal fires. */
async function nextOf<State>(
  watch: Watch<State>,
  options: {
    readonly after: number;
    readonly watchable: Watchable<State>;
    readonly signal: AbortSignal;
  },
): Promise<SharedState<State> | null> {
  const { after, watchable, signal } = options;
  const { pending, changed } = watch;
  while (!signal.aborted) {
    if (watch.failure !== null) throw watch.failure;
    if (watchable.pauseMs !== undefined) pending.splice(0, pending.length - 1);
    const next = pending.shift();
    if (next === undefined) await changed.next(signal);
    else if (next.sequence > after) return next;
  }
  return null;
}
