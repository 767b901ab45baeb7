import type { StoredEvent } from '../kernel/event.ts';
import { NewerEventError } from '../kernel/upgrade-needed.ts';
import type { Log } from '../log/log.ts';
import type { EventFilter, EventPage, EventScan } from '../log/read.ts';

/** The events of a page before the first one that this program cannot read. */
interface ReadablePage {
  readonly events: readonly StoredEvent[];
  /** The error for the first event that it cannot read; null if the page is complete. */
  readonly newer: NewerEventError | null;
}

/** Reads an ascending page up to the first event that only a newer program can read. */
export async function readReadable(
  log: Pick<Log, 'events'>,
  filter: EventFilter,
  page: EventPage,
): Promise<ReadablePage> {
  try {
    return { events: await log.events(filter, page), newer: null };
  } catch (error) {
    if (!(error instanceof NewerEventError)) throw error;
    // The page is decoded in order, so the error is about the first such event.
    const before = { ...page, before: error.sequence };
    return { events: await log.events(filter, before), newer: error };
  }
}

/** Like `readReadable`, but for a scan, which examines a bounded number of events. */
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
