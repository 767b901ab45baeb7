import type { StoredEvent } from '../kernel/event.ts';

/** The last event that is known: its sequence and its id. */
export interface Tail {
  readonly sequence: number;
  /** Null if the log is empty. */
  readonly id: string | null;
}

/** The most recent events in memory: a gapless run up to the tail, bounded in number. */
export interface RecentEvents {
  tail(): Tail;
  /** Forgets all events, and continues after the given tail. */
  reset(tail: Tail): void;
  /** Adds events that follow the tail without a gap. */
  push(events: readonly StoredEvent[]): void;
  /** Up to `limit` events after a sequence; null if the first of them is no longer in memory. */
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
      // Drops half of the events at a time, so that each event is moved once on average.
      if (events.length > eventsMax) events = events.slice(-Math.ceil(eventsMax / 2));
    },
    after(sequence, limit) {
      const start = sequence + 1 - (tail.sequence - events.length + 1);
      return start < 0 ? null : events.slice(start, start + limit);
    },
  };
}
