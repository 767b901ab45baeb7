import type { StoredEvent } from '../kernel/event.ts';
import type { NewerEventError } from '../kernel/upgrade-needed.ts';
import { createBroadcast } from '../lib/broadcast.ts';
import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import { isTransient, LogReplacedError } from '../log/errors.ts';
import type { Head } from '../log/head.ts';
import type { Log } from '../log/log.ts';
import { readReadable } from './readable-page.ts';
import { createRecentEvents, type Tail } from './recent-events.ts';

/**
 * The one ordered tail of committed events in a process. Readers hold a sequence, not a queue:
 * a slow reader costs nothing, and catching up and following live are the same loop.
 */
export interface Feed {
  /** The last sequence that is known to be committed here. */
  tail(): number;
  /** Which history of the log is read: a number that rises when it turns out to be another one. */
  history(): number;
  /**
   * The next events after a sequence: in order, gapless, at least one, at most `limit`. Waits for
   * them, also while the database cannot be reached; empty only when the signal fires. Throws
   * `LogReplacedError` once the history is not the given one any more, by default that of now, and
   * `NewerEventError` when the first of them is one that this program cannot read.
   */
  next(
    after: number,
    limit: number,
    signal: AbortSignal,
    history?: number,
  ): Promise<readonly StoredEvent[]>;
  /** The event right after the tail, if this program cannot read it; null: the tail goes on. */
  unreadable(): NewerEventError | null;
  /** Why the tail cannot go on, in one line; null: it can. */
  failure(): string | null;
  /** Pages of everything after a sequence, without an end; stops and throws as `next`. */
  follow(
    after: number,
    limit: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[], void, undefined>;
  /**
   * Events that this process has just appended: they need not be read again. `previousId`: the event
   * before them in the log; null: there is none.
   */
  offer(events: readonly StoredEvent[], previousId: string | null): void;
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
  /** Told when the log does not hold what was read of it, once the feed reads the one that is there. */
  readonly onReplaced?: () => void;
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
  let history = 1;
  /** Of the log when the tail was last seen in it. */
  let epoch = 0;
  let reading: Promise<void> | null = null;
  let isBehind = false;
  let newest: NewerEventError | null = null;
  let poll: NodeJS.Timeout | undefined;

  function push(events: readonly StoredEvent[]): void {
    recent.push(events);
    moved.wake();
  }

  /** Void once the tail has been put elsewhere. */
  function unreadable(): NewerEventError | null {
    return newest?.sequence === recent.tail().sequence + 1 ? newest : null;
  }

  function stopBefore(event: NewerEventError): void {
    isBehind = false;
    const isKnown = unreadable() !== null;
    newest = event;
    if (isKnown) return;
    logger.error({ reason: event.message }, 'the feed has stopped');
    moved.wake();
  }

  async function readTail(): Promise<void> {
    while (isBehind && !stopping.signal.aborted) {
      isBehind = false;
      const known = recent.tail();
      const under = log.epoch();
      // With the last event that is known: it tells whether this is still the log that was read.
      const after = known.sequence - (known.id === null ? 0 : 1);
      const { events, newer } = await readReadable(log, {}, pageAfter(after, pageSizeMax));
      if (known.id !== null && events[0]?.id !== known.id) return readAnew(known);
      // The tail is there: it belongs to the epoch that was known before.
      epoch = Math.max(epoch, under ?? 0);
      // Events may have been offered while the page was read.
      const news = events.filter((event) => event.sequence > recent.tail().sequence);
      if (news.length > 0) push(news);
      if (newer?.sequence === recent.tail().sequence + 1) return stopBefore(newer);
      if (events.length === pageSizeMax) isBehind = true;
    }
  }

  /** Lets go of what was read of a log that is no longer there, and of all who have read it here. */
  async function readAnew({ sequence: readTo, id }: Tail): Promise<void> {
    if (id !== null) await log.raiseEpoch(epoch, id);
    const head = await log.head();
    begin(head);
    history += 1;
    logger.error(
      { readTo, head: head.sequence, epoch },
      'the log was restored to an earlier state: all that was read of it is read again',
    );
    options.onReplaced?.();
    moved.wake();
  }

  function begin(head: Head): void {
    epoch = head.epoch;
    recent.reset({ sequence: head.sequence, id: head.lastEventId });
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

  async function next(after: number, limit: number, signal: AbortSignal, of = history) {
    const isOver = () => signal.aborted || stopping.signal.aborted;
    while (!isOver()) {
      if (of !== history) throw new LogReplacedError();
      const tail = recent.tail().sequence;
      const newer = unreadable();
      if (newer !== null && tail <= after) throw newer;
      if (tail <= after) await moved.next(signal);
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
      const { events, newer } = await readReadable(log, {}, pageAfter(after, limit));
      if (events.length === 0 && newer !== null) throw newer;
      return events;
    } catch (error) {
      if (!isTransient(error)) throw error;
      logger.warn({ err: error }, 'the log could not be read; trying again');
      await delay(pollIntervalMs, AbortSignal.any([signal, stopping.signal]));
      return [];
    }
  }

  return {
    tail: () => recent.tail().sequence,
    history: () => history,
    unreadable,
    failure: () => unreadable()?.message ?? null,
    next,
    async *follow(after, limit, signal) {
      let position = after;
      const of = history;
      for (;;) {
        const events = await next(position, limit, signal, of);
        const last = events.at(-1);
        if (last === undefined) return;
        yield events;
        position = last.sequence;
      }
    },
    offer(events, previousId) {
      const first = events[0];
      if (first === undefined) return;
      const { sequence, id } = recent.tail();
      if (first.sequence === sequence + 1 && previousId === id) push(events);
      else wake();
    },
    announce(head) {
      // Of our own appends the events follow at once: they need not be read.
      setImmediate(() => {
        if (head > recent.tail().sequence && unreadable() === null) wake();
      });
    },
    wake,
    async start() {
      begin(await log.head());
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
