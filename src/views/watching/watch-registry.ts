import type { StoredEvent } from '../../kernel/event.ts';
import {
  createWatched,
  type Topic,
  type TopicsOf,
  type Watchable,
  type WatchedKey,
  type WatchedState,
} from './watched-state.ts';

/** All watched states, by the topics of the events that may change them. */
export interface WatchRegistry {
  /** The entry of the watchable's key; created if there is none. */
  find<State>(watchable: Watchable<State>): Entry<State>;
  /** Passes an event to all watched states that it may change. */
  notify(event: StoredEvent): void;
  /** Ends all watches with an error. */
  fail(error: Error): void;
  /** How many keys are watched. */
  size(): number;
}

interface Entry<State> {
  readonly watched: WatchedKey<State>;
  /**
   * Sets the topics of a state; returns whether some of them are new. Does nothing for a state that
   * is older than the last one, which comes from a reader that lags behind.
   */
  follow(known: Pick<WatchedState<State>, 'sequence' | 'state'>): boolean;
}

/**
 * `onFailure`: called with the error of a topics function that throws; the event then has no
 * topics.
 */
export function createWatchRegistry(onFailure: (error: unknown) => void): WatchRegistry {
  const entries = new Map<string, Entry<unknown>>();
  const byTopic: WatchedByTopic = new Map();
  return {
    find<State>(watchable: Watchable<State>) {
      const known =
        entries.get(watchable.key) ??
        // The states of one key are of one type: that of its watchable.
        createEntry(byTopic, watchable as Watchable<unknown>, (watched) => {
          if (entries.get(watchable.key)?.watched === watched) entries.delete(watchable.key);
        });
      entries.set(watchable.key, known);
      return known as Entry<State>;
    },
    notify(event) {
      const concerned = new Set<WatchedKey<unknown>>();
      for (const [of, names] of byTopic) {
        for (const name of topicsSafely(of, event, onFailure)) {
          for (const watched of names.get(name) ?? []) concerned.add(watched);
        }
      }
      for (const watched of concerned) watched.notify(event.sequence, event);
    },
    fail(error) {
      for (const { watched } of entries.values()) watched.fail(error);
      // A new watcher must not get a state that the ended watchers have read.
      entries.clear();
      byTopic.clear();
    },
    size: () => entries.size,
  };
}

/** The watched states by the function and the name of each topic that they follow. */
type WatchedByTopic = Map<TopicsOf, Map<string, Set<WatchedKey<unknown>>>>;

/** Creates an entry, whose topics are in the map until it is no longer watched. */
function createEntry(
  byTopic: WatchedByTopic,
  watchable: Watchable<unknown>,
  onUnwatched: (watched: WatchedKey<unknown>) => void,
): Entry<unknown> {
  let topics: readonly Topic[] = [];
  let followed = -1;
  const watched = createWatched(watchable.read, () => {
    for (const topic of topics) removeTopic(byTopic, topic, watched);
    onUnwatched(watched);
  });
  function setTopics(wanted: readonly Topic[]): boolean {
    const added = wanted.filter((topic) => !isAmong(topics, topic));
    for (const topic of topics) if (!isAmong(wanted, topic)) removeTopic(byTopic, topic, watched);
    for (const topic of added) addTopic(byTopic, topic, watched);
    topics = wanted;
    return added.length > 0;
  }
  setTopics(watchable.topics(null));
  return {
    watched,
    follow({ sequence, state }) {
      if (sequence < followed) return false;
      followed = sequence;
      return setTopics(watchable.topics(state));
    },
  };
}

function isAmong(topics: readonly Topic[], { of, name }: Topic): boolean {
  return topics.some((topic) => topic.of === of && topic.name === name);
}

function addTopic(
  byTopic: WatchedByTopic,
  { of, name }: Topic,
  watched: WatchedKey<unknown>,
): void {
  const names = byTopic.get(of) ?? new Map<string, Set<WatchedKey<unknown>>>();
  const watching = names.get(name) ?? new Set();
  byTopic.set(of, names.set(name, watching.add(watched)));
}

function removeTopic(
  byTopic: WatchedByTopic,
  { of, name }: Topic,
  watched: WatchedKey<unknown>,
): void {
  const names = byTopic.get(of);
  const watching = names?.get(name);
  watching?.delete(watched);
  if (watching?.size === 0) names?.delete(name);
  if (names?.size === 0) byTopic.delete(of);
}

function topicsSafely(
  of: TopicsOf,
  event: StoredEvent,
  onFailure: (error: unknown) => void,
): readonly string[] {
  try {
    return of(event);
  } catch (error) {
    // The view is parked on this event, and reading it throws an error that says so.
    onFailure(error);
    return [];
  }
}
