import type { StoredEvent } from '../kernel/event.ts';
import { delay } from '../lib/delay.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import { isTransient, LogReplacedError } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import type { EventFilter } from '../log/read.ts';
import type { Feed } from './feed.ts';
import { readReadable } from './readable-page.ts';

export interface NextPageOptions {
  readonly log: Log;
  readonly feed: Feed;
  readonly filter: EventFilter;
  readonly signal: AbortSignal;
  /** The history of the log in which the position was read; that of now when absent. */
  readonly history?: number;
}

/** Events after a position, and the sequence up to which nothing else passes the filter. */
export interface Page {
  /** In order; from the feed there are others among them that do not pass. */
  readonly events: readonly StoredEvent[];
  readonly end: number;
}

const pageSizeMax = 500;
const retryMs = 1_000;

/**
 * From the log through the filter's index while far behind, else from the feed. Empty, and no
 * farther, when nothing comes within the time (null: for ever), or the log cannot be read just now.
 * Null: the reader or the feed has been stopped. Throws `LogReplacedError` when the log is not the one
 * in which the position was read, and `NewerEventError` when the next event is one that this program
 * cannot read.
 */
export async function nextPage(
  { log, feed, filter, signal, history = feed.history() }: NextPageOptions,
  position: number,
  withinMs: number | null,
): Promise<Page | null> {
  const tail = feed.tail();
  if (history !== feed.history()) throw new LogReplacedError();
  const isFiltered = Object.values(filter).some((member) => member !== undefined);
  if (isFiltered && tail - position > 2 * pageSizeMax) {
    const range = { after: position, before: tail + 1, limit: pageSizeMax, descending: false };
    try {
      const { events, newer } = await readReadable(log, filter, range);
      const last = events.at(-1);
      if (newer !== null && last === undefined) throw newer;
      if (newer !== null) return { events, end: newer.sequence - 1 };
      return { events, end: events.length < pageSizeMax || !last ? tail : last.sequence };
    } catch (error) {
      if (!isTransient(error)) throw error;
      await delay(retryMs, signal);
      return { events: [], end: position };
    }
  }
  if (withinMs === null) {
    return toPage(await feed.next(position, pageSizeMax, signal, history));
  }
  return withTimeout(signal, withinMs, async (either) => {
    const events = await feed.next(position, pageSizeMax, either, history);
    // By the signal and not by the clock: under load a timer can be early by many milliseconds.
    const isLate = either.aborted && !signal.aborted;
    return events.length === 0 && isLate ? { events, end: position } : toPage(events);
  });
}

function toPage(events: readonly StoredEvent[]): Page | null {
  const last = events.at(-1);
  return last === undefined ? null : { events, end: last.sequence };
}
