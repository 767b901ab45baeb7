import type { Feed } from '../feed/feed.ts';
import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { type AnyView, keysOf } from './fold.ts';
import type { Views } from './views.ts';
import {
  createWatchedDocument,
  type WatchedDocument,
  type WatchedState,
} from './watched-document.ts';

/** Live documents of views. */
export interface Watcher {
  /**
   * The document now, then after each event that changes it, in order, until the signal fires. A
   * reader that is slower than the changes misses some in between, but never the last. All who
   * watch a document are given the same states, each of which is read once.
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

const pageSizeMax = 1_000;
const waitMs = 5_000;
const retryMs = 1_000;

/** One loop over the feed tells each event to those who watch a document that it concerns. */
export function createWatcher(options: {
  readonly feed: Feed;
  readonly views: Pick<Views, 'checkpoint' | 'waitFor' | 'document'>;
  readonly logger: Logger;
}): Watcher {
  const { feed, views, logger } = options;
  const stopping = new AbortController();
  const watched = new Map<AnyView, Map<string, WatchedDocument>>();
  let running: Promise<void> | null = null;

  async function run(): Promise<void> {
    let position = feed.tail();
    while (!stopping.signal.aborted) {
      try {
        for await (const events of feed.follow(position, pageSizeMax, stopping.signal)) {
          for (const event of events) {
            // Told earlier, each of the watchers would wait for the views by itself.
            if (!(await reach(event.sequence, stopping.signal))) return;
            tell(event);
          }
          position = events.at(-1)?.sequence ?? position;
        }
      } catch (error) {
        logger.error({ err: error, position }, 'watching stands still; trying again');
        await delay(retryMs, stopping.signal);
      }
    }
  }

  /** Waits until the views can be read at a sequence, however long; false when the signal fires. */
  async function reach(sequence: number, signal: AbortSignal): Promise<boolean> {
    while (views.checkpoint() < sequence) {
      if (signal.aborted) return false;
      await views.waitFor(sequence, waitMs, signal);
    }
    return true;
  }

  function tell(event: StoredEvent): void {
    for (const [view, documents] of watched) {
      for (const key of keysSafely(view, event)) documents.get(key)?.tell(event);
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

  function documentOf(view: AnyView, key: string): WatchedDocument {
    const documents = watched.get(view) ?? new Map<string, WatchedDocument>();
    const known = documents.get(key);
    if (known !== undefined) return known;
    const document = createWatchedDocument(
      (sequence) => views.document(view, key, sequence),
      () => {
        documents.delete(key);
        if (documents.size === 0) watched.delete(view);
      },
    );
    watched.set(view, documents.set(key, document));
    return document;
  }

  async function* watch(view: AnyView, key: string, signal: AbortSignal) {
    const document = documentOf(view, key);
    const { pending, changed, end } = document.watch();
    try {
      // The watch exists already: it will be told, or has been, all events after this one.
      const start = Math.max(views.checkpoint(), feed.tail());
      if (!(await reach(start, signal))) return;
      const first = await document.first(start).read();
      yield first;
      let shownAt = first.changedAt ?? 0;
      while (!signal.aborted) {
        const next = pending.shift();
        if (next === undefined) await changed.next(signal);
        else if (next.sequence > start) {
          const state = await next.read();
          // An event may leave the document as it is; the change before it may not have been told.
          const changedAt = state.changedAt ?? state.sequence;
          if (changedAt > shownAt) yield state;
          shownAt = changedAt;
        }
      }
    } finally {
      end();
    }
  }

  return {
    // The view's own evolve has made the documents: they are of the view's type.
    watch: (view, key, signal) => watch(view as unknown as AnyView, key, signal) as never,
    watching: () => [...watched.values()].reduce((sum, documents) => sum + documents.size, 0),
    start() {
      running = run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
