import type { StoredEvent } from '../kernel/event.ts';
import { NewerEventError } from '../kernel/upgrade-needed.ts';
import type { Log } from '../log/log.ts';
import type { EventFilter, EventPage, EventScan } from '../log/read.ts';

/** The events of a page up to the first one that this program cannot read. */
export interface ReadablePage {
  readonly events: readonly StoredEvent[];
  /** The first one that it cannot read; null: the page is whole. */
  readonly newer: NewerEventError | null;
}

/** Reads an ascending page; of one that a newer version of the program has written, the beginning. */
export async function readReadable(
  log: Pick<Log, 'events'>,
  filter: EventFilter,
  page: EventPage,
): Promise<ReadablePage> {
  try {
    return { events: await log.events(filter, page), newer: null };
  } catch (error) {
    if (!(error instanceof NewerEventError)) throw error;
    // The page is in order, so the error is about the first of its kind.
    const before = { ...page, before: error.sequence };
    return { events: await log.events(filter, before), newer: error };
  }
}

/** The same for a scan, which looks at a bounded number of events. */
export async function scanReadable(
  log: Pick<Log, 'scan'>,
  filter: EventFilter,
  page: EventPage,
): Promise<EventScan & Pick<ReadablePage, 'newer'>> {
  try {
    return { ...(await log.scan(filter, page)), newer: null };
  } catch (error) {
    if (!(error instanceof NewerEventError)) throw error;
    const before = { ...page, before: error.sequence };
    return { ...(await log.scan(filter, before)), newer: error };
  }
}
