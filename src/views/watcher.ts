import type { Feed } from '../feed/feed.ts';
import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { type Broadcast, createBroadcast } from '../lib/broadcast.ts';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { type AnyView, keysOf } from './fold.ts';
import type { Views } from './views.ts';

/** A document as it stands after an event; in the first one as it stands now, without an event. */
export interface WatchedState<Document> {
  readonly sequence: number;
  readonly document: Document | null;
  readonly event: StoredEvent | null;
}

/** Live documents of views. */
export interface Watcher {
  /**
   * The document now, then after each event that changes it, in order, until the signal fires. A
   * reader that is slower than the changes misses some in between, but never the last.
   */
  watch<Document extends JsonObject>(
    view: View<Document>,
    key: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchedState<Document>, void, undefined>;
  /** How many documents are watched. */
  watching(): number;
  start(): void;
  stop(): Promise<void>;
}

interface Subscription {
  readonly pending: StoredEvent[];
  readonly changed: Broadcast;
}

const pageSizeMax = 1_000;
const pendingMax = 100;
const waitMs = 5_000;
const retryMs = 1_000;

/** One loop over the feed tells each event to those who watch a document that it concerns. */
export function createWatcher(options: {
  readonly feed: Feed;
  readonly views: Views;
  readonly logger: Logger;
}): Watcher {
  const { feed, views, logger } = options;
  const stopping = new AbortController();
  const watched = new Map<AnyView, Map<string, Set<Subscription>>>();
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    let position = feed.tail();
    while (!stopping.signal.aborted) {
      try {
        for await (const events of feed.follow(position, pageSizeMax, stopping.signal)) {
          for (const event of events) tell(event);
          position = events.at(-1)?.sequence ?? position;
        }
      } catch (error) {
        logger.error({ err: error, position }, 'watching stands still; trying again');
        await delay(retryMs, stopping.signal);
      }
    }
  }

  function tell(event: StoredEvent): void {
    for (const [view, keys] of watched) {
      for (const key of keysSafely(view, event)) {
        for (const subscription of keys.get(key) ?? []) push(subscription, event);
      }
    }
  }

  function keysSafely(view: AnyView, event: StoredEvent): readonly string[] {
    try {
      return keysOf(view, event);
    } catch (error) {
      // The view parks on this event: who reads it is told so.
      logger.debug({ err: error, view: view.name }, 'no keys');
      return [];
    }
  }

  function subscribe(view: AnyView, key: string): Subscription & { end(): void } {
    const keys = watched.get(view) ?? new Map<string, Set<Subscription>>();
    const subscriptions = keys.get(key) ?? new Set<Subscription>();
    const subscription: Subscription = { pending: [], changed: createBroadcast() };
    watched.set(view, keys.set(key, subscriptions.add(subscription)));
    return {
      ...subscription,
      end() {
        subscriptions.delete(subscription);
        if (subscriptions.size === 0) keys.delete(key);
        if (keys.size === 0) watched.delete(view);
      },
    };
  }

  return {
    async *watch<Document extends JsonObject>(
      view: View<Document>,
      key: string,
      signal: AbortSignal,
    ) {
      const subscription = subscribe(view as unknown as AnyView, key);
      const stateAt = async (at: number, event: StoredEvent | null) => {
        while (!(await views.waitFor(at, waitMs, signal))) if (signal.aborted) return null;
        const found = await views.document(view, key, at);
        // The view's own evolve has made the document: it is of the view's type.
        const document = (found?.document ?? null) as Document | null;
        return { sequence: at, document, event, changedAt: found?.sequence ?? null };
      };
      try {
        // The subscription exists already: it will be told, or has been, all events after this one.
        const start = Math.max(views.checkpoint(), feed.tail());
        const first = await stateAt(start, null);
        if (first === null) return;
        yield first;
        let shownAt = first.changedAt ?? 0;
        while (!signal.aborted) {
          const event = subscription.pending.shift();
          if (event === undefined) await subscription.changed.next(signal);
          else if (event.sequence > start) {
            const state = await stateAt(event.sequence, event);
            if (state === null) return;
            // An event may leave the document as it is; the change before it may not have been told.
            const changedAt = state.changedAt ?? event.sequence;
            if (changedAt > shownAt) yield state;
            shownAt = changedAt;
          }
        }
      } finally {
        subscription.end();
      }
    },
    watching: () => [...watched.values()].reduce((sum, keys) => sum + keys.size, 0),
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function push({ pending, changed }: Subscription, event: StoredEvent): void {
  // Too slow for every state: the last one is what counts.
  if (pending.length >= pendingMax) pending.length = 0;
  pending.push(event);
  changed.wake();
}
