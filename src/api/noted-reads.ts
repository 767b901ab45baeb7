import type { StoredEvent } from '../kernel/event.ts';
import type { EventFilter, EventPage, EventScan } from '../log/read.ts';
import type { Views } from '../views/views.ts';
import type { Reads } from '../views/watching/reads.ts';
import type { ClientReads } from './client-reads.ts';

/** Reads for resolvers, which a live query takes note of. */
export interface NotedReads {
  /** Reads a page of the log, for a filter of at most one member. */
  events(filter: EventFilter, page: EventPage): Promise<readonly StoredEvent[]>;
  /** Reads as much of a page of the log as a scan of a bounded number of events finds. */
  scan(filter: EventFilter, page: EventPage): Promise<EventScan>;
  /** The views, read in the actor's fair share; their reads throw the errors for clients. */
  readonly views: Pick<Views, 'document' | 'list'>;
}

/** The reads of an operation; `noted` returns what takes notes of them, null if nothing does. */
export function createNotedReads(
  read: <Value>(work: (reads: ClientReads) => Promise<Value>) => Promise<Value>,
  noted: () => Reads | null,
): NotedReads {
  return {
    async events(filter, page) {
      const events = await read(({ log }) => log.events(filter, page));
      noted()?.events(filter, page, events.length);
      return events;
    },
    async scan(filter, page) {
      const found = await read(({ log }) => log.scan(filter, page));
      noted()?.events(filter, page, found.events.length);
      return found;
    },
    views: {
      document(view, key, at) {
        noted()?.document(view, key, at);
        return read(({ views }) => views.document(view, key, at));
      },
      async list(view, page, at) {
        const found = await read(({ views }) => views.list(view, page, at));
        noted()?.list(view, page, found, at);
        return found;
      },
    },
  };
}
