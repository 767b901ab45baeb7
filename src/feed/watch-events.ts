import type { StoredEvent } from '../kernel/event.ts';
import { withTimeout } from '../lib/with-timeout.ts';
import { createEventPredicate } from './event-predicate.ts';
import { everyEvent, topicsThrough } from './event-topics.ts';
import { type FeedPage, type NextPageOptions, nextPage } from './next-page.ts';

/** An event that passes the filter, or the progress of a reader for which no event passed. */
export interface EventFrame {
  /** The sequence from which to resume. */
  readonly sequence: number;
  /** Null if the frame shows only the progress. */
  readonly event: StoredEvent | null;
}

interface WatchEventsOptions extends NextPageOptions {
  readonly after: number;
  /** A reader that was up to date is ended if it falls more than this many events behind. */
  readonly lagMax?: number;
}

/** A reader could not keep up; it can resume after `lastSequence`. */
export class ReaderTooSlowError extends Error {
  readonly code = 'READER_TOO_SLOW';
  constructor(readonly lastSequence: number) {
    super(`this reader is too far behind: subscribe again with after: "${lastSequence}"`);
  }
}

const progressEveryMs = 10_000;

/**
 * All events after a sequence that pass the filter, each once and in order, first from the log and
 * then live. The first frame has no event and the sequence at which the reader begins, so that it
 * can resume before any event. While no event passes, a frame without an event reports the
 * progress: after each page of the log, and about every ten seconds when the reader is up to date.
 * So a reader that resumes there does not scan the same events again.
 */
export async function* watchEvents(
  options: WatchEventsOptions,
): AsyncGenerator<EventFrame, void, undefined> {
  const { feed, filter, signal, lagMax = 1_000_000 } = options;
  const passes = createEventPredicate(filter);
  const reading = { ...options, history: feed.history() };
  let position = options.after;
  let wasLive = position >= feed.tail();
  let sent = position;
  let dueAt = performance.now() + progressEveryMs;
  const send = (frame: EventFrame): EventFrame => {
    sent = frame.sequence;
    dueAt = performance.now() + progressEveryMs;
    return frame;
  };
  if (!signal.aborted) yield send({ sequence: position, event: null });
  while (!signal.aborted) {
    if (wasLive && feed.tail() - position > lagMax) throw new ReaderTooSlowError(position);
    const page = await nextThrough(reading, position, dueAt - performance.now());
    if (page === null) return;
    for (const event of page.events) {
      if (passes(event)) yield send(toFrame(event));
    }
    position = page.end;
    const isDue = performance.now() >= dueAt;
    const hasProgress = position > sent;
    if (hasProgress && (isDue || !wasLive)) yield send({ sequence: position, event: null });
    else if (isDue) dueAt = performance.now() + progressEveryMs;
    wasLive ||= position >= feed.tail();
  }
}

/**
 * The next page. At the tail it waits until an event may pass the filter, or until the time is up;
 * the page is then empty.
 */
async function nextThrough(
  options: NextPageOptions & { readonly history: number },
  position: number,
  withinMs: number,
): Promise<FeedPage | null> {
  const { feed, filter, signal, history } = options;
  const topics = topicsThrough(filter);
  if (topics.includes(everyEvent)) return nextPage(options, position, null);
  const passed = await withTimeout(signal, withinMs, async (either) => {
    const end = await feed.passOver(position, topics, either, history);
    const isTimeUp = either.aborted && !signal.aborted;
    return end > position || isTimeUp ? { events: [], end } : null;
  });
  return passed ?? nextPage(options, position, null);
}

/**
 * The frame of an event. It is the same object for all readers, so that a text made from it for one
 * of them can be sent to the others.
 */
function toFrame(event: StoredEvent): EventFrame {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const frame = { sequence: event.sequence, event };
  frames.set(event, frame);
  return frame;
}

const frames = new WeakMap<StoredEvent, EventFrame>();
