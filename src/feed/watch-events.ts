import type { StoredEvent } from '../kernel/event.ts';
import { createEventPredicate } from './event-predicate.ts';
import { type NextPageOptions, nextPage } from './next-page.ts';

/** An event that passed the filter; or, without one, only how far the filter has looked. */
export interface EventFrame {
  readonly sequence: number;
  readonly event: StoredEvent | null;
}

export interface WatchEventsOptions extends NextPageOptions {
  readonly after: number;
  /** A reader that was up to date and has fallen so many events behind is dismissed. */
  readonly lagMax?: number;
}

/** A live reader could not keep up; it may start again after `lastSequence`. */
export class ReaderTooSlowError extends Error {
  readonly code = 'READER_TOO_SLOW';
  constructor(readonly lastSequence: number) {
    super(`fallen too far behind: subscribe again with after: "${lastSequence}"`);
  }
}

const pageSizeMax = 500;
const progressEveryMs = 1_000;

/**
 * Everything after a sequence that passes the filter, each once and in order, first from the log
 * and then as it comes. When nothing passes, a frame without an event tells the progress now and
 * then, so that whoever resumes there need not look at the same events again.
 */
export async function* watchEvents(
  options: WatchEventsOptions,
): AsyncGenerator<EventFrame, void, undefined> {
  const { feed, filter, signal, lagMax = 1_000_000 } = options;
  const passes = createEventPredicate(filter);
  let position = options.after;
  let wasLive = false;
  const history = feed.history();
  const told = { sequence: position, at: performance.now() };
  const tell = (frame: EventFrame): EventFrame => {
    Object.assign(told, { sequence: frame.sequence, at: performance.now() });
    return frame;
  };
  while (!signal.aborted) {
    if (wasLive && feed.tail() - position > lagMax) throw new ReaderTooSlowError(position);
    const isUntold = position > told.sequence;
    const dueInMs = isUntold ? Math.max(0, told.at + progressEveryMs - performance.now()) : null;
    const page = await nextPage({ ...options, history }, position, dueInMs);
    if (page === null) return;
    for (const event of page.events) {
      if (passes(event)) yield tell(toFrame(event));
    }
    position = page.end;
    const isFar = position - told.sequence >= pageSizeMax;
    const isDue = position > told.sequence && performance.now() - told.at >= progressEveryMs;
    if (!signal.aborted && (isFar || isDue)) yield tell({ sequence: position, event: null });
    wasLive ||= position >= feed.tail();
  }
}

/**
 * The frame of an event: the same object for all who watch, so that what is made of it for one of
 * them may be given to the others.
 */
function toFrame(event: StoredEvent): EventFrame {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const frame = { sequence: event.sequence, event };
  frames.set(event, frame);
  return frame;
}

const frames = new WeakMap<StoredEvent, EventFrame>();
