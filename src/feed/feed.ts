import type { StoredEvent } from '../kernel/event.ts';
import type { NewerEventError } from '../kernel/upgrade-needed.ts';
import { delay } from '../lib/delay.ts';
import { isTransient, LogReplacedError } from '../log/errors.ts';
import type { Topic } from './event-topics.ts';
import {
  beginAfter,
  createFeedState,
  type FeedState,
  pushEvents,
  type TailOptions,
  unreadableAfterTail,
  wakeFeed,
  wakeReaders,
} from './read-tail.ts';
import { readReadable } from './readable-page.ts';

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
   * The next events after a sequence: in order, without gaps, at least one and at most `limit`.
   * Waits for them, even while the database cannot be reached; empty only if the signal fires or
   * the feed is stopped. Throws `LogReplacedError` if the history is no longer the given one (by
   * default the current one), and `NewerEventError` if this program cannot read the first of the
   * events.
   */
  next(
    after: number,
    limit: number,
    signal: AbortSignal,
    history?: number,
  ): Promise<readonly StoredEvent[]>;
  /**
   * Waits at the tail for an event that has one of the topics. Returns a sequence not less than
   * `after` with no such event up to it: right before the event, or the tail if the signal fires
   * first. Returns `after` at once if there are events to read after it, or if reading them would
   * fail.
   */
  passOver(
    after: number,
    topics: readonly Topic[],
    signal: AbortSignal,
    history?: number,
  ): Promise<number>;
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

export interface FeedOptions extends TailOptions {
  /** How many events are kept in memory for readers near the tail. */
  readonly recentMax?: number;
  /** How often the log is read without a notification: notifications can be lost. */
  readonly pollIntervalMs?: number;
}

const pollIntervalMsDefault = 1_000;

export function createFeed(options: FeedOptions): Feed {
  const { log, recentMax = 10_000, pollIntervalMs = pollIntervalMsDefault } = options;
  const state = createFeedState(recentMax, options.onEvents);
  const { recent } = state;
  let poll: NodeJS.Timeout | undefined;
  const wake = (): void => wakeFeed(options, state);
  const unreadable = (): NewerEventError | null => unreadableAfterTail(state);
  const next: Feed['next'] = (after, limit, signal, history = state.history) =>
    nextEvents(options, state, { after, limit, signal, history });
  return {
    tail: () => recent.tail().sequence,
    history: () => state.history,
    unreadable,
    failure: () => unreadable()?.message ?? null,
    next,
    async passOver(after, topics, signal, history = state.history) {
      const isAtTail = (): boolean =>
        recent.tail().sequence <= after && history === state.history && unreadable() === null;
      if (signal.aborted || state.stopping.signal.aborted || !isAtTail()) return after;
      const passed = await state.concerned.next(topics, signal);
      return history === state.history ? Math.max(after, passed) : after;
    },
    follow: (after, limit, signal) =>
      follow(next, { after, limit, signal, history: state.history }),
    offer(events, previousId) {
      const first = events[0];
      if (first === undefined) return;
      const { sequence, id } = recent.tail();
      if (first.sequence === sequence + 1 && previousId === id) pushEvents(state, events);
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
      beginAfter(state, await log.head());
      poll = setInterval(wake, pollIntervalMs);
    },
    async stop() {
      clearInterval(poll);
      state.stopping.abort();
      wakeReaders(state);
      await state.reading;
    },
  };
}

/** The position of a reader, and how many events it takes. */
interface Reading {
  readonly after: number;
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly history: number;
}

async function* follow(next: Feed['next'], { after, limit, signal, history }: Reading) {
  let position = after;
  for (;;) {
    const events = await next(position, limit, signal, history);
    const last = events.at(-1);
    if (last === undefined) return;
    yield events;
    position = last.sequence;
  }
}

async function nextEvents(
  options: FeedOptions,
  state: FeedState,
  reading: Reading,
): Promise<readonly StoredEvent[]> {
  const { recent, moved, stopping } = state;
  const { after, limit, signal, history } = reading;
  while (!signal.aborted && !stopping.signal.aborted) {
    if (history !== state.history) throw new LogReplacedError();
    const tail = recent.tail().sequence;
    const newer = unreadableAfterTail(state);
    if (newer !== null && tail <= after) throw newer;
    if (tail <= after) await moved.next(signal);
    else {
      const events = recent.after(after, limit) ?? (await readPage(options, state, reading));
      if (events.length > 0) return events;
    }
  }
  return [];
}

/** A page that is no longer in memory; empty if the log cannot be read at the moment. */
async function readPage(
  { log, logger, pollIntervalMs = pollIntervalMsDefault }: FeedOptions,
  { stopping }: FeedState,
  { after, limit, signal }: Reading,
): Promise<readonly StoredEvent[]> {
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
