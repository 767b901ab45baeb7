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
  /** The history of the log in which the position was read; that of now when absent. */
  readonly history?: number;
  /** Runs what reads the log far behind its end, when there is room for it. */
  readonly inTurn?: <Value>(read: () => Promise<Value>) => Promise<Value>;
}

/** Events after a position, and the sequence up to which nothing else passes the filter. */
export interface FeedPage {
  /** In order; from the feed there are others among them that do not pass. */
  readonly events: readonly StoredEvent[];
  readonly end: number;
}

const pageSizeMax = 500;
const retryMs = 1_000;
/** No feed keeps so many events in memory. */
const keptMax = 10_000;
const atOnce = <Value>(read: () => Promise<Value>): Promise<Value> => read();

/**
 * From the log through the filter's index while far behind, else from the feed. Empty, and no
 * farther, when nothing comes within the time (null: for ever), or the log cannot be read just now.
 * Null: the reader or the feed has been stopped. Throws `LogReplacedError` when the log is not the one
 * in which the position was read, and `NewerEventError` when the next event is one that this program
 * cannot read.
 */
export async function nextPage(
  options: NextPageOptions,
  position: number,
  withinMs: number | null,
): Promise<FeedPage | null> {
  const { feed, filter, signal, history = feed.history(), inTurn = atOnce } = options;
  if (history !== feed.history()) throw new LogReplacedError();
  const isFiltered = Object.values(filter).some((member) => member !== undefined);
  const behind = feed.tail() - position;
  if (behind <= 2 * pageSizeMax) return nextOfFeed(options, position, withinMs);
  try {
    // The feed reads for this reader alone what it does not keep.
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

/** Up to where it has looked, which may be far from a full page, and is never past the tail. */
async function scanLog({ log, feed, filter }: NextPageOptions, after: number): Promise<FeedPage> {
  const tail = feed.tail();
  const range = { after, before: tail + 1, limit: pageSizeMax, descending: false };
  const { events, stoppedAt, newer } = await scanReadable(log, filter, range);
  if (newer !== null && events.length === 0 && stoppedAt === null) throw newer;
  const last = events.length < pageSizeMax ? undefined : events.at(-1);
  const all = newer === null ? tail : newer.sequence - 1;
  return { events, end: stoppedAt ?? last?.sequence ?? all };
}

async function nextOfFeed(
  { feed, signal, history }: NextPageOptions,
  position: number,
  withinMs: number | null,
): Promise<FeedPage | null> {
  if (withinMs === null) return toPage(await feed.next(position, pageSizeMax, signal, history));
  return withTimeout(signal, withinMs, async (either) => {
    const events = await feed.next(position, pageSizeMax, either, history);
    // By the signal and not by the clock: under load a timer can be early by many milliseconds.
    const isLate = either.aborted && !signal.aborted;
    return events.length === 0 && isLate ? { events, end: position } : toPage(events);
  });
}

function toPage(events: readonly StoredEvent[]): FeedPage | null {
  const last = events.at(-1);
  return last === undefined ? null : { events, end: last.sequence };
}
