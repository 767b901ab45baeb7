import type { StoredEvent } from '../kernel/event.ts';

/** Where the log ends, as far as it is known: the sequence and the id of the last event. */
export interface Tail {
  readonly sequence: number;
  /** Null while the log is empty. */
  readonly id: string | null;
}

/** The end of the log, in memory: a gapless run of events up to the tail, bounded in number. */
export interface RecentEvents {
  tail(): Tail;
  /** Starts anew, empty, with the given tail. */
  reset(tail: Tail): void;
  /** Adds events that follow the tail without a gap. */
  push(events: readonly StoredEvent[]): void;
  /** Up to `limit` events after a sequence; null when the first of them is not kept any more. */
  after(sequence: number, limit: number): readonly StoredEvent[] | null;
}

export function createRecentEvents(eventsMax: number): RecentEvents {
  let events: StoredEvent[] = [];
  let tail: Tail = { sequence: 0, id: null };
  return {
    tail: () => tail,
    reset(known) {
      events = [];
      tail = known;
    },
    push(more) {
      for (const event of more) {
        if (event.sequence !== tail.sequence + 1) {
          throw new Error(`event ${event.sequence} does not follow ${tail.sequence}`);
        }
        tail = event;
        events.push(event);
      }
      // Cutting half at a time makes the cost of cutting one move for each event.
      if (events.length > eventsMax) events = events.slice(-Math.ceil(eventsMax / 2));
    },
    after(sequence, limit) {
      const start = sequence + 1 - (tail.sequence - events.length + 1);
      return start < 0 ? null : events.slice(start, start + limit);
    },
  };
}
