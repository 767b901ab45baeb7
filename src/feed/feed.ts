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
 * The one ordered tail of committed events in a process. Readers hold a sequence, not a queue: a
 * slow reader costs nothing, and catching up and following live are the same loop.
 */
export interface Feed {
  /** The last sequence that this process knows to be committed. */
  tail(): number;
  /** The number of the log's history that is read; it rises when the log has been replaced. */
  history(): number;
  /**
   * The next events after a sequence: in order, gapless, at least one, at most `limit`. Waits for
   * them, even while the database cannot be reached; empty only if the signal fires or the feed is
   * stopped. Throws `LogReplacedError` if the history is no longer the given one (by default the
   * current one), and `NewerEventError` if this program cannot read the first of the events.
   */
  next(
    after: number,
    limit: number,
    signal: AbortSignal,
    history?: number,
  ): Promise<readonly StoredEvent[]>;
  /** The error for the event right after the tail if this program cannot read it, else null. */
  unreadable(): NewerEventError | null;
  /** Why the tail cannot advance, in one line; null if it can. */
  failure(): string | null;
  /** All events after a sequence, page by page, without an end; stops and throws like `next`. */
  follow(
    after: number,
    limit: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEvent[], void, undefined>;
  /**
   * Adds events that this process has just appended, so that they need not be read again.
   * `previousId`: the id of the event right before them in the log; null if there is none.
   */
  offer(events: readonly StoredEvent[], previousId: string | null): void;
  /** Reads the log if `head` is after the tail. Needed only for speed, never for correctness. */
  announce(head: number): void;
  /** Reads the log, because something may have been appended. */
  wake(): void;
  /** Starts after the current head of the log. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface FeedOptions {
  readonly log: Log;
  readonly logger: Logger;
  /** Called when the log has been replaced, once the feed follows the new history. */
  readonly onReplaced?: () => void;
  /** How many events are kept in memory for readers near the tail. */
  readonly recentMax?: number;
  /** How often the log is read without a notification: notifications can be lost. */
  readonly pollIntervalMs?: number;
}

const pageSizeMax = 1_000;

export function createFeed(options: FeedOptions): Feed {
  const { log, logger, recentMax = 10_000, pollIntervalMs = 1_000 } = options;
  const moved = createBroadcast();
  const stopping = new AbortController();
  const recent = createRecentEvents(recentMax);
  let history = 1;
  /** The epoch of the log when it was last seen to contain the tail. */
  let epoch = 0;
  let reading: Promise<void> | null = null;
  let isBehind = false;
  let newest: NewerEventError | null = null;
  let poll: NodeJS.Timeout | undefined;

  function push(events: readonly StoredEvent[]): void {
    recent.push(events);
    moved.wake();
  }

  /** Null once the tail has been reset: the error is then about another event. */
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
      // Reads the tail event again: its id shows whether the log is still the one that was read.
      const after = known.sequence - (known.id === null ? 0 : 1);
      const { events, newer } = await readReadable(log, {}, { after, limit: pageSizeMax });
      if (known.id !== null && events[0]?.id !== known.id) return restart(known);
      // The log contains the tail, so the tail belongs to the epoch that was known before the read.
      epoch = Math.max(epoch, under ?? 0);
      // Some of the events may have been offered while the page was read.
      const added = events.filter((event) => event.sequence > recent.tail().sequence);
      if (added.length > 0) push(added);
      if (newer?.sequence === recent.tail().sequence + 1) return stopBefore(newer);
      if (events.length === pageSizeMax) isBehind = true;
    }
  }

  /** Forgets what was read from a log that has been replaced, and ends all its readers. */
  async function restart({ sequence: readTo, id }: Tail): Promise<void> {
    if (id !== null) await log.raiseEpoch(epoch, id);
    const head = await log.head();
    begin(head);
    history += 1;
    logger.error(
      { readTo, head: head.sequence, epoch },
      'the log was restored to an earlier state: everything is read again',
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
        // `wake` may have been called after the last read.
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

  /** A page that is no longer in memory; empty if the log cannot be read at the moment. */
  async function readPage(after: number, limit: number, signal: AbortSignal) {
    try {
      const { events, newer } = await readReadable(log, {}, { after, limit });
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
      // The events of this process's own appends are offered at once, so they need not be read.
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
