import type { StoredEvent } from '../kernel/event.ts';
import { createBroadcast } from '../lib/broadcast.ts';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { isTransient } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import { createRecentEvents } from './recent-events.ts';

/**
 * The one ordered tail of committed events in a process. Readers hold a sequence, not a queue:
 * a slow reader costs nothing, and catching up and following live are the same loop.
 */
export interface Feed {
  /** The last sequence that is known to be committed here. */
  tail(): number;
  /**
   * The next events after a sequence: in order, gapless, at least one, at most `limit`. Waits for
   * them, also while the database cannot be reached; empty only when the signal fires.
   */
  next(after: number, limit: number, signal: AbortSignal): Promise<readonly StoredEvent[]>;
  /** Pages of everything after a sequence, for ever; ends when the signal fires. */
  follow(
    after: number,
    limit: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[], void, undefined>;
  /** Why the events at the tail cannot be read by this program; null while they can. */
  failure(): string | null;
  /** Events that this process has just appended: they need not be read again. */
  offer(events: readonly StoredEvent[]): void;
  /** The log's head is said to be at `head`. Never needed for correctness, only for speed. */
  announce(head: number): void;
  /** Something may have been appended: look. */
  wake(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface FeedOptions {
  readonly log: Log;
  readonly logger: Logger;
  /** Events kept in memory for the readers that are near the tail. */
  readonly recentMax?: number;
  /** How often the log is looked at without being told: notifications can be lost. */
  readonly pollIntervalMs?: number;
}

const pageSizeMax = 1_000;

export function createFeed(options: FeedOptions): Feed {
  const { log, logger, recentMax = 10_000, pollIntervalMs = 1_000 } = options;
  const moved = createBroadcast();
  const stopping = new AbortController();
  const recent = createRecentEvents(recentMax);
  let reading: Promise<void> | null = null;
  let isBehind = false;
  let poll: NodeJS.Timeout | undefined;

  function push(events: readonly StoredEvent[]): void {
    recent.push(events);
    moved.wake();
  }

  async function readTail(): Promise<void> {
    while (isBehind && !stopping.signal.aborted) {
      isBehind = false;
      const events = await log.events({}, pageAfter(recent.tail(), pageSizeMax));
      // Events may have been offered while the page was read.
      const news = events.filter((event) => event.sequence > recent.tail());
      if (news.length > 0) push(news);
      if (events.length === pageSizeMax) isBehind = true;
    }
  }

  function wake(): void {
    if (stopping.signal.aborted) return;
    isBehind = true;
    reading ??= readTail()
      .catch((error) => logger.warn({ err: error }, 'the log could not be read; trying again'))
      .finally(() => {
        reading = null;
        // It may have been asked for after the last look and before now.
        if (isBehind) wake();
      });
  }

  async function next(after: number, limit: number, signal: AbortSignal) {
    const isOver = () => signal.aborted || stopping.signal.aborted;
    while (!isOver()) {
      if (recent.tail() <= after) await moved.next(signal);
      else {
        const events = recent.after(after, limit) ?? (await readPage(after, limit, signal));
        if (events.length > 0) return events;
      }
    }
    return [];
  }

  /** A page that is not in memory any more; empty when the log cannot be reached just now. */
  async function readPage(after: number, limit: number, signal: AbortSignal) {
    try {
      return await log.events({}, pageAfter(after, limit));
    } catch (error) {
      if (!isTransient(error)) throw error;
      logger.warn({ err: error }, 'the log could not be read; trying again');
      await delay(pollIntervalMs, AbortSignal.any([signal, stopping.signal]));
      return [];
    }
  }

  return {
    tail: () => recent.tail(),
    failure: () => null,
    next,
    async *follow(after, limit, signal) {
      let position = after;
      for (;;) {
        const events = await next(position, limit, signal);
        const last = events.at(-1);
        if (last === undefined) return;
        yield events;
        position = last.sequence;
      }
    },
    offer(events) {
      const first = events[0];
      if (first === undefined) return;
      if (first.sequence === recent.tail() + 1) push(events);
      else wake();
    },
    announce(head) {
      // Of our own appends the events follow at once: they need not be read.
      setImmediate(() => {
        if (head > recent.tail()) wake();
      });
    },
    wake,
    async start() {
      recent.reset((await log.head()).sequence);
      poll = setInterval(wake, pollIntervalMs);
    },
    async stop() {
      clearInterval(poll);
      stopping.abort();
      moved.wake();
      await reading;
    },
  };
}

function pageAfter(after: number, limit: number) {
  return { after, before: Number.MAX_SAFE_INTEGER, limit, descending: false };
}
