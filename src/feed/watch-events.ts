import type { StoredEvent } from '../kernel/event.ts';
import { createEventPredicate } from './event-predicate.ts';
import { type NextPageOptions, nextPage } from './next-page.ts';

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

const pageSizeMax = 500;
const progressEveryMs = 1_000;

/**
 * All events after a sequence that pass the filter, each once and in order, first from the log and
 * then live. The first frame has no event and the sequence at which the reader begins, so that it
 * can resume before any event. While no event passes, a frame without an event reports the progress
 * about once a second, so that a reader that resumes there does not scan the same events again.
 */
export async function* watchEvents(
  options: WatchEventsOptions,
): AsyncGenerator<EventFrame, void, undefined> {
  const { feed, filter, signal, lagMax = 1_000_000 } = options;
  const passes = createEventPredicate(filter);
  let position = options.after;
  let wasLive = false;
  const history = feed.history();
  const lastSent = { sequence: position, at: performance.now() };
  const send = (frame: EventFrame): EventFrame => {
    Object.assign(lastSent, { sequence: frame.sequence, at: performance.now() });
    return frame;
  };
  if (!signal.aborted) yield send({ sequence: position, event: null });
  while (!signal.aborted) {
    if (wasLive && feed.tail() - position > lagMax) throw new ReaderTooSlowError(position);
    const hasProgress = position > lastSent.sequence;
    const dueAt = lastSent.at + progressEveryMs;
    const dueInMs = hasProgress ? Math.max(0, dueAt - performance.now()) : null;
    const page = await nextPage({ ...options, history }, position, dueInMs);
    if (page === null) return;
    for (const event of page.events) {
      if (passes(event)) yield send(toFrame(event));
    }
    position = page.end;
    const isFar = position - lastSent.sequence >= pageSizeMax;
    const isDue =
      position > lastSent.sequence && performance.now() - lastSent.at >= progressEveryMs;
    if (!signal.aborted && (isFar || isDue)) yield send({ sequence: position, event: null });
    wasLive ||= position >= feed.tail();
  }
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
