import type { Topic } from '../../feed/event-topics.ts';
import type { StoredEvent } from '../../kernel/event.ts';
import { type Broadcast, createBroadcast } from '../../lib/broadcast.ts';
import type { ListRange } from './list-changes.ts';

/** A state that can be read at every sequence, and watched as it changes. */
export interface Watchable<State> {
  /** Identifies the state: all watchers of one key get the same states. */
  readonly key: string;
  /**
   * The topics of events that may change the state, given its current value; null before the first
   * value is known.
   */
  topics(state: State | null): readonly Topic[];
  /** The parts of lists whose changes may change the state, given its current value. */
  ranges?(state: State | null): readonly ListRange[];
  read(sequence: number): Promise<State>;
  /** Whether `after` is sent to a watcher whose last state is `before`. */
  isNews(before: State, after: State): boolean;
  /**
   * The minimum time between two states of a watcher, which then gets only the latest state. If
   * absent, it gets every state.
   */
  readonly pauseMs?: number;
}

/** A state right after an event; the first state, and some later ones, have no event. */
export interface WatchedState<State> {
  readonly sequence: number;
  readonly state: State;
  readonly event: StoredEvent | null;
}

/** A state that is read at the first call of `read`, and is the same object for all callers. */
export interface SharedState<State> {
  readonly sequence: number;
  read(): Promise<WatchedState<State>>;
  /** Forgets what was read: a later call reads again. */
  forget(): void;
}

/** One reader of a watched key, and the states that it has not read yet. */
export interface WatchingReader<State> {
  readonly pending: SharedState<State>[];
  readonly changed: Broadcast;
  /** Why no more states follow; null if more may follow. */
  failure: Error | null;
  /** Ends the watch; may be called more than once. */
  end(): void;
}

/** What all readers of one key share. */
export interface WatchedKey<State> {
  watch(): WatchingReader<State>;
  /** The first state for watchers that start at a sequence; the views can be read there. */
  first(sequence: number): SharedState<State>;
  /** Adds a state that may be new, at a sequence at which the views can be read. */
  notify(sequence: number, event: StoredEvent | null): void;
  /** Forgets what was read for watchers that have not taken it yet. */
  forget(): void;
  /** Ends all watches with an error. */
  fail(error: Error): void;
}

type ReadState<State> = (sequence: number) => Promise<State>;

const pendingMax = 100;

/** All watchers of one key share its states, so that each state is read once. */
export function createWatched<State>(
  read: ReadState<State>,
  onUnwatched: () => void,
): WatchedKey<State> {
  const watches = new Set<WatchingReader<State>>();
  let first: SharedState<State> | null = null;
  return {
    watch() {
      const watch: WatchingReader<State> = {
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
    notify(sequence, event) {
      const state = createSharedState(read, sequence, event);
      for (const watch of watches) push(watch, state);
    },
    forget() {
      first = null;
      for (const { pending } of watches) for (const state of pending) state.forget();
    },
    fail(error) {
      for (const watch of watches) {
        watch.failure = error;
        watch.changed.wake();
      }
    },
  };
}

function push<State>({ pending, changed }: WatchingReader<State>, state: SharedState<State>): void {
  // Changes of lists are found later than events: a newer state, which shows them, may be pending.
  if ((pending.at(-1)?.sequence ?? 0) >= state.sequence) return;
  // The watcher is too slow for every state: only the last one matters.
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
      // A later call reads again.
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
    forget() {
      reading = null;
    },
  };
}
