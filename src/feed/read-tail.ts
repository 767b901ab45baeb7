import type { StoredEvent } from '../kernel/event.ts';
import type { NewerEventError } from '../kernel/upgrade-needed.ts';
import { type Broadcast, createBroadcast } from '../lib/broadcast.ts';
import type { Logger } from '../lib/logger.ts';
import { ArchivedError } from '../log/errors.ts';
import type { Head } from '../log/head.ts';
import type { Log } from '../log/log.ts';
import { readReadable } from './readable-page.ts';
import { createRecentEvents, type RecentEvents, type Tail } from './recent-events.ts';
import { createTopicWaiters, type TopicWaiters } from './topic-waiters.ts';

export interface TailOptions {
  readonly log: Log;
  readonly logger: Logger;
  /** Called when the log has been replaced, once the feed follows the new history. */
  readonly onReplaced?: () => void;
  /** Called with the events that follow the tail, in order, before any reader gets them. */
  readonly onEvents?: OnEvents;
}

type OnEvents = (events: readonly StoredEvent[]) => void;

/** What a feed knows of the log. */
export interface FeedState {
  readonly recent: RecentEvents;
  /** Woken when readers have something new to read. */
  readonly moved: Broadcast;
  /** Readers of few events, which are woken only by these. */
  readonly concerned: TopicWaiters;
  readonly stopping: AbortController;
  readonly onEvents: OnEvents;
  /** The number of the log's history that is read. */
  history: number;
  /** The epoch of the log when it was last seen to contain the tail. */
  epoch: number;
  /** Whether the log may have events after the tail. */
  isBehind: boolean;
  /** The error for the last event that this program could not read. */
  newest: NewerEventError | null;
  reading: Promise<void> | null;
}

const pageSizeMax = 1_000;

export function createFeedState(recentMax: number, onEvents: OnEvents = () => {}): FeedState {
  const recent = createRecentEvents(recentMax);
  return {
    recent,
    moved: createBroadcast(),
    concerned: createTopicWaiters(() => recent.tail().sequence),
    stopping: new AbortController(),
    onEvents,
    history: 1,
    epoch: 0,
    isBehind: false,
    newest: null,
    reading: null,
  };
}

/** Continues after the head of the log, and forgets all events before. */
export function beginAfter(state: FeedState, head: Head): void {
  state.epoch = head.epoch;
  state.recent.reset({ sequence: head.sequence, id: head.lastEventId });
}

/** Adds events that follow the tail. */
export function pushEvents(state: FeedState, events: readonly StoredEvent[]): void {
  state.onEvents(events);
  state.recent.push(events);
  state.concerned.notify(events);
  state.moved.wake();
}

/** Wakes all readers, so that they find out why no events follow. */
export function wakeReaders({ concerned, moved }: FeedState): void {
  concerned.wake();
  moved.wake();
}

/** The error for the event right after the tail, if this program cannot read it. */
export function unreadableAfterTail({ newest, recent }: FeedState): NewerEventError | null {
  // After the tail has been reset, the error may be about another event.
  return newest?.sequence === recent.tail().sequence + 1 ? newest : null;
}

/** Reads the log after the tail, one read at a time. */
export function wakeFeed(options: TailOptions, state: FeedState): void {
  if (state.stopping.signal.aborted) return;
  state.isBehind = true;
  state.reading ??= readTail(options, state)
    .catch((error: unknown) => {
      options.logger.warn({ err: error }, 'the log could not be read; trying again');
    })
    .finally(() => {
      state.reading = null;
      // The feed may have been woken after the last read.
      if (state.isBehind) wakeFeed(options, state);
    });
}

async function readTail(options: TailOptions, state: FeedState): Promise<void> {
  const { log } = options;
  const { recent } = state;
  while (state.isBehind && !state.stopping.signal.aborted) {
    state.isBehind = false;
    const known = recent.tail();
    const under = log.epoch();
    // Reads the tail event again: its id shows whether the log is still the one that was read.
    const after = known.sequence - (known.id === null ? 0 : 1);
    const page = await readReadable(log, {}, { after, limit: pageSizeMax }).catch(nullIfArchived);
    if (page === null) {
      const why = 'events that this process had not read were archived';
      return restart(options, state, { ...known, id: null }, why);
    }
    const { events, newer } = page;
    if (known.id !== null && events[0]?.id !== known.id) return restart(options, state, known);
    // The log contains the tail, so the tail belongs to the epoch that was known before the read.
    state.epoch = Math.max(state.epoch, under ?? 0);
    // Some of the events may have been offered while the page was read.
    const added = events.filter((event) => event.sequence > recent.tail().sequence);
    if (added.length > 0) pushEvents(state, added);
    if (newer?.sequence === recent.tail().sequence + 1) return stopBefore(options, state, newer);
    if (events.length === pageSizeMax) state.isBehind = true;
  }
}

/** Only a process that was stopped for a long time is so far behind. */
function nullIfArchived(error: unknown): null {
  if (error instanceof ArchivedError) return null;
  throw error;
}

function stopBefore({ logger }: TailOptions, state: FeedState, event: NewerEventError): void {
  state.isBehind = false;
  const isKnown = unreadableAfterTail(state) !== null;
  state.newest = event;
  if (isKnown) return;
  logger.error({ reason: event.message }, 'the feed has stopped');
  wakeReaders(state);
}

/** Forgets what was read from a log that has been replaced, and ends all its readers. */
async function restart(
  options: TailOptions,
  state: FeedState,
  known: Tail,
  reason = 'the log was restored to an earlier state',
): Promise<void> {
  const { log, logger } = options;
  if (known.id !== null) await log.raiseEpoch(state.epoch, known.id);
  const head = await log.head();
  beginAfter(state, head);
  state.history += 1;
  logger.error(
    { readTo: known.sequence, head: head.sequence, epoch: state.epoch },
    `${reason}: everything is read again`,
  );
  options.onReplaced?.();
  wakeReaders(state);
}
