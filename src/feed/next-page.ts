import type { StoredEvent } from '../kernel/event.ts';
import { delay } from '../lib/delay.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import { isTransient, LogReplacedError } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import type { EventFilter } from '../log/read.ts';
import type { Feed } from './feed.ts';
import { scanReadable } from './readable-page.ts';

export interface NextPageOptions {
  readonly log: Pick<Log, 'scan'>;
  readonly feed: Feed;
  readonly filter: EventFilter;
  readonly signal: AbortSignal;
  /** The history of the log in which the position was read; the current one by default. */
  readonly history?: number;
  /**
   * Runs a read far behind the end of the log once there is capacity for it; at once by default.
   */
  readonly inTurn?: <Value>(read: () => Promise<Value>) => Promise<Value>;
  /** How many events a page has at most; 500 by default. */
  readonly limit?: number;
}

/** Events after a sequence, and the sequence up to which no other event passes the filter. */
export interface FeedPage {
  /**
   * The events in order. If they come from the feed, they include events that do not pass the
   * filter.
   */
  readonly events: readonly StoredEvent[];
  readonly end: number;
}

const limitDefault = 500;
const retryMs = 1_000;
/** No feed keeps more events in memory. */
const keptMax = 10_000;
const atOnce = <Value>(read: () => Promise<Value>): Promise<Value> => read();

/**
 * The next events after `position`. They are read from the log through the filter's index if the
 * position is far behind the tail, else from the feed. The page is empty and ends at `position` if
 * no event arrives within the time (null: no limit), or if the log cannot be read at the moment.
 * Null if the reader or the feed has been stopped. Throws `LogReplacedError` if the log is no
 * longer the one in which the position was read, and `NewerEventError` if this program cannot read
 * the next event.
 */
export async function nextPage(
  options: NextPageOptions,
  position: number,
  withinMs: number | null,
): Promise<FeedPage | null> {
  const { feed, filter, signal, history = feed.history(), inTurn = atOnce } = options;
  const { limit = limitDefault } = options;
  if (history !== feed.history()) throw new LogReplacedError();
  const isFiltered = Object.values(filter).some((member) => member !== undefined);
  const behind = feed.tail() - position;
  if (behind <= 2 * limit) return nextOfFeed(options, position, withinMs);
  try {
    // Events that the feed does not keep in memory are read for this reader alone.
    if (!isFiltered && behind <= keptMax) {
      return await inTurn(() => nextOfFeed(options, position, withinMs));
    }
    return await inTurn(() => scanLog(options, position));
  } catch (error) {
    if (!isTransient(error)) throw error;
    await delay(retryMs, signal);
    return { events: [], end: position };
  }
}

/** One scan of the log. It may end long before the page is full, and never ends after the tail. */
async function scanLog(
  { log, feed, filter, limit = limitDefault }: NextPageOptions,
  after: number,
): Promise<FeedPage> {
  const tail = feed.tail();
  const range = { after, before: tail + 1, limit };
  const { events, stoppedAt, newer } = await scanReadable(log, filter, range);
  if (newer !== null && events.length === 0 && stoppedAt === null) throw newer;
  const last = events.length < limit ? undefined : events.at(-1);
  const all = newer === null ? tail : newer.sequence - 1;
  return { events, end: stoppedAt ?? last?.sequence ?? all };
}

async function nextOfFeed(
  { feed, signal, history, limit = limitDefault }: NextPageOptions,
  position: number,
  withinMs: number | null,
): Promise<FeedPage | null> {
  if (withinMs === null) return toPage(await feed.next(position, limit, signal, history));
  return withTimeout(signal, withinMs, async (either) => {
    const events = await feed.next(position, limit, either, history);
    // Checks the signal, not the clock: under load a timer can fire many milliseconds early.
    const isLate = either.aborted && !signal.aborted;
    return events.length === 0 && isLate ? { events, end: position } : toPage(events);
  });
}

function toPage(events: readonly StoredEvent[]): FeedPage | null {
  const last = events.at(-1);
  return last === undefined ? null : { events, end: last.sequence };
}
