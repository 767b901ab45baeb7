import type { StoredEvent } from '../../kernel/event.ts';
import { type Broadcast, createBroadcast } from '../../lib/broadcast.ts';

/** The names under which an event is told to those who watch; pure. */
export type TopicsOf = (event: StoredEvent) => readonly string[];

/** One of the names that `of` gives. */
export interface Topic {
  readonly of: TopicsOf;
  readonly name: string;
}

/** Something that can be read at every sequence and watched as it changes. */
export interface Watchable<State> {
  /** Equal for the same thing: all who watch it are given the same states. */
  readonly key: string;
  /** The events that may change it, given its state; null: before the first is known. */
  topics(state: State | null): readonly Topic[];
  read(sequence: number): Promise<State>;
  /** Whether a state is told to those who know the one before. */
  isNews(before: State, after: State): boolean;
  /** At least so long between two states, of which the newest is told. Absent: every state is. */
  readonly pauseMs?: number;
}

/** A state as it is after an event; in the first one as it is now, without an event. */
export interface WatchedState<State> {
  readonly sequence: number;
  readonly state: State;
  readonly event: StoredEvent | null;
}

/** A state that is read when somebody first asks, and is then the same object for all who ask. */
export interface SharedState<State> {
  readonly sequence: number;
  read(): Promise<WatchedState<State>>;
}

/** One who watches, and the states that it has not looked at yet. */
export interface Watch<State> {
  readonly pending: SharedState<State>[];
  readonly changed: Broadcast;
  /** Why there are no more states; null: there may be. */
  failure: Error | null;
  /** May be called again. */
  end(): void;
}

/** What all who watch one thing have in common. */
export interface Watched<State> {
  watch(): Watch<State>;
  /** The state at a sequence at which the views can be read, for those who begin there. */
  first(sequence: number): SharedState<State>;
  /** Tells that there may be another state, at which the views can be read. */
  tell(sequence: number, event: StoredEvent | null): void;
  /** Ends all who watch with an error. */
  fail(error: Error): void;
}

export type ReadState<State> = (sequence: number) => Promise<State>;

const pendingMax = 100;

/** Those who watch one thing read each of its states once between them. */
export function createWatched<State>(
  read: ReadState<State>,
  onUnwatched: () => void,
): Watched<State> {
  const watches = new Set<Watch<State>>();
  let first: SharedState<State> | null = null;
  return {
    watch() {
      const watch: Watch<State> = {
        pending: [],
        changed: createBroadcast(),
        failure: null,
        end() {
          if (watches.delete(watch) && watches.size === 0) onUnwatched();
        },
      };
      watches.add(watch);
      return watch;
    },
    first(sequence) {
      if (first?.sequence !== sequence) first = createSharedState(read, sequence, null);
      return first;
    },
    tell(sequence, event) {
      const state = createSharedState(read, sequence, event);
      for (const watch of watches) push(watch, state);
    },
    fail(error) {
      for (const watch of watches) {
        watch.failure = error;
        watch.changed.wake();
      }
    },
  };
}

function push<State>({ pending, changed }: Watch<State>, state: SharedState<State>): void {
  // Too slow for every state: the last one is what counts.
  if (pending.length >= pendingMax) pending.length = 0;
  pending.push(state);
  changed.wake();
}

function createSharedState<State>(
  read: ReadState<State>,
  sequence: number,
  event: StoredEvent | null,
): SharedState<State> {
  let reading: Promise<WatchedState<State>> | null = null;

  async function readState(): Promise<WatchedState<State>> {
    try {
      return { sequence, state: await read(sequence), event };
    } catch (error) {
      // Whoever comes later may have more luck.
      reading = null;
      throw error;
    }
  }

  return {
    sequence,
    read() {
      reading ??= readState();
      return reading;
    },
  };
}
