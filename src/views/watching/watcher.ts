import type { Feed } from '../../feed/feed.ts';
import { UpgradeNeededError } from '../../kernel/upgrade-needed.ts';
import { delay } from '../../lib/delay.ts';
import type { Logger } from '../../lib/logger.ts';
import { LogReplacedError } from '../../log/errors.ts';
import type { Views } from '../views.ts';
import { listChanges } from './list-changes.ts';
import { createListNotifier, type ListNotifier } from './notify-of-lists.ts';
import { isInRange } from './range-registry.ts';
import { createWatchRegistry, hasTopic, type WatchRegistry } from './watch-registry.ts';
import type { SharedState, Watchable, WatchedState, WatchingReader } from './watched-state.ts';

/** Watches states that are read from views. */
export interface Watcher {
  /**
   * Yields the current state, then the state after each event that changes it, in order, until the
   * signal fires. A reader that is slower than the changes misses states in between, but never the
   * last one. All watchers of the same key get the same states, each of which is read once. Throws
   * the error with which `reset` was called, and `UpgradeNeededError` if this program cannot read
   * the next event.
   */
  watch<State>(
    watchable: Watchable<State>,
    signal: AbortSignal,
  ): AsyncGenerator<WatchedState<State>, void, undefined>;
  /** Ends all watches with an error, because the log has been replaced. */
  reset(error: Error): void;
  /** Forgets what was read for watchers that have not taken it yet: it may be personal. */
  forget(): void;
  /** How many keys are watched. */
  watching(): number;
  start(): void;
  stop(): Promise<void>;
}

const pageSizeMax = 1_000;
const waitMs = 5_000;
const retryMs = 1_000;

interface WatcherOptions {
  readonly feed: Feed;
  readonly views: Pick<Views, 'checkpoint' | 'waitFor' | 'versions'>;
  readonly logger: Logger;
}

/**
 * Runs one loop over the feed that passes each event to the states that it may change. The
 * registry has a `WatchedKey` for each watched key, and that has a `WatchingReader` for each
 * subscriber.
 */
export function createWatcher(options: WatcherOptions): Watcher {
  const stopping = new AbortController();
  const registry = createWatchRegistry((error) =>
    options.logger.debug({ err: error }, 'the topics of an event could not be found'),
  );
  const lists = createListNotifier(options.views, registry, options.logger);
  let running: Promise<unknown> | null = null;
  return {
    watch: (watchable, signal) => watchStates(options, registry, { watchable, signal }),
    reset(error) {
      lists.clear();
      registry.fail(error);
    },
    forget: registry.forget,
    watching: registry.size,
    start() {
      const { signal } = stopping;
      running = Promise.all([notifyOfEvents(options, registry, lists, signal), lists.run(signal)]);
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Passes each event to the registry once the views can be read there, until the signal fires. */
async function notifyOfEvents(
  options: WatcherOptions,
  registry: WatchRegistry,
  lists: ListNotifier,
  signal: AbortSignal,
): Promise<void> {
  const { feed, logger } = options;
  let position = feed.tail();
  while (!signal.aborted) {
    try {
      for await (const events of feed.follow(position, pageSizeMax, signal)) {
        for (const event of events) {
          // Waits here once, since otherwise each watcher would wait for the views by itself.
          if (!(await waitForViews(options, event.sequence, signal))) return;
          registry.notify(event);
        }
        lists.add(events);
        position = events.at(-1)?.sequence ?? position;
      }
    } catch (error) {
      // The feed has logged it. Watches that start later fail at the next try.
      if (error instanceof UpgradeNeededError) registry.fail(error);
      else if (error instanceof LogReplacedError) position = feed.tail();
      else logger.error({ err: error, position }, 'watching is stopped; trying again');
      await delay(retryMs, signal);
    }
  }
}

/** Waits without a limit until the views can be read at a sequence; false if the signal fires. */
async function waitForViews(
  { feed, views }: WatcherOptions,
  sequence: number,
  signal: AbortSignal,
): Promise<boolean> {
  const history = feed.history();
  while (views.checkpoint() < sequence) {
    if (signal.aborted) return false;
    if (feed.history() !== history) throw new LogReplacedError();
    await views.waitFor(sequence, waitMs, signal);
  }
  return true;
}

interface Watching<State> {
  readonly watchable: Watchable<State>;
  readonly signal: AbortSignal;
}

async function* watchStates<State>(
  options: WatcherOptions,
  registry: WatchRegistry,
  { watchable, signal }: Watching<State>,
): AsyncGenerator<WatchedState<State>, void, undefined> {
  const { feed, views } = options;
  const entry = registry.find(watchable);
  const { watched, follow } = entry;
  const watch = watched.watch();
  try {
    // The watch already exists, so it gets all events after this sequence.
    const start = Math.max(views.checkpoint(), feed.tail());
    if (!(await waitForViews(options, start, signal))) return;
    let shown: WatchedState<State> | null = null;
    let next: SharedState<State> | null = watched.first(start);
    while (next !== null) {
      const known: WatchedState<State> = await next.read();
      // The state may depend on new topics, whose events before now were not passed to it.
      if (follow(known) && (await isStale(options, registry, watchable, known))) {
        watched.notify(Math.max(views.checkpoint(), known.sequence), null);
      }
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

/** Whether an event after a state may have changed it, or it is not known. */
async function isStale<State>(
  { views }: WatcherOptions,
  registry: WatchRegistry,
  watchable: Watchable<State>,
  { sequence, state }: WatchedState<State>,
): Promise<boolean> {
  const events = registry.eventsSince(sequence);
  if (events === null) return true;
  if (events.length === 0) return false;
  const topics = watchable.topics(state);
  if (topics.some((topic) => events.some((event) => hasTopic(event, topic)))) return true;
  const own = watchable.ranges?.(state) ?? [];
  for (const view of new Set(own.map((range) => range.view))) {
    const changes = await listChanges(views, view, events).catch(() => null);
    if (changes === null) return true;
    const isChanged = own.some(
      (range) => range.view === view && changes.some((change) => isInRange(change, range)),
    );
    if (isChanged) return true;
  }
  return false;
}

/** The next state after a sequence; null if the signal fires. */
async function nextOf<State>(
  watch: WatchingReader<State>,
  { after, watchable, signal }: Watching<State> & { readonly after: number },
): Promise<SharedState<State> | null> {
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
