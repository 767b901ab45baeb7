import type { StoredEvent } from '../../kernel/event.ts';
import { createBroadcast } from '../../lib/broadcast.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Views } from '../views.ts';
import { listChanges } from './list-changes.ts';
import type { WatchRegistry } from './watch-registry.ts';

/** Passes the changes that events make to lists to what watches them, without delaying others. */
export interface ListNotifier {
  /** Adds consecutive events, at which the views can be read. */
  add(events: readonly StoredEvent[]): void;
  /** Forgets the events that were added, because the log has been replaced. */
  clear(): void;
  /** Runs until the signal fires; never throws. */
  run(signal: AbortSignal): Promise<void>;
}

/** With more events waiting, all watched lists count as changed. */
const waitingMax = 10_000;
/** How many events are compared in one statement. */
const eventsMax = 500;

export function createListNotifier(
  views: Pick<Views, 'versions'>,
  registry: WatchRegistry,
  logger: Logger,
): ListNotifier {
  const added = createBroadcast();
  let waiting: StoredEvent[] = [];

  async function notify(events: readonly StoredEvent[]): Promise<void> {
    const last = events.at(-1)?.sequence ?? 0;
    for (const view of registry.listed()) {
      try {
        registry.notifyOfLists(await listChanges(views, view, events));
      } catch (error) {
        // Each reader reads the list again, and gets the error if it persists.
        logger.debug({ view: view.name, err: error }, 'the changes of lists could not be read');
        registry.notifyOfView(view, last);
      }
    }
  }

  return {
    add(events) {
      // Without a watched list, there is nothing to compare.
      if (registry.listed().length === 0) return;
      waiting.push(...events);
      if (waiting.length > waitingMax) {
        const last = waiting.at(-1)?.sequence ?? 0;
        waiting = [];
        for (const view of registry.listed()) registry.notifyOfView(view, last);
      }
      added.wake();
    },
    clear() {
      waiting = [];
    },
    async run(signal) {
      while (!signal.aborted) {
        const events = waiting.splice(0, eventsMax);
        if (events.length === 0) await added.next(signal);
        else await notify(events);
      }
    },
  };
}
