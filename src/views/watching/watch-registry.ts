import type { Topic, TopicsOf } from '../../feed/event-topics.ts';
import { createTopicIndex, type TopicIndex } from '../../feed/topic-index.ts';
import type { StoredEvent } from '../../kernel/event.ts';
import type { AnyView } from '../lists/placement.ts';
import type { ListChange, ListRange } from './list-changes.ts';
import { createRangeRegistry, type RangeRegistry } from './range-registry.ts';
import {
  createWatched,
  type Watchable,
  type WatchedKey,
  type WatchedState,
} from './watched-state.ts';

/** All watched states, by what may change them: topics of events, and ranges of lists. */
export interface WatchRegistry {
  /** The entry of the watchable's key; created if there is none. */
  find<State>(watchable: Watchable<State>): Entry<State>;
  /** Passes an event to all watched states that it may change. */
  notify(event: StoredEvent): void;
  /** The views of which a list is watched. */
  listed(): readonly AnyView[];
  /** Passes changes of lists to all watched states that they may change. */
  notifyOfLists(changes: readonly ListChange[]): void;
  /** Passes the news that any list of a view may have changed. */
  notifyOfView(view: AnyView, sequence: number): void;
  /** The events after a sequence that were passed on; null if it is too far back to know them. */
  eventsSince(sequence: number): readonly StoredEvent[] | null;
  /** Forgets what was read for watchers that have not taken it yet. */
  forget(): void;
  /** Ends all watches with an error. */
  fail(error: Error): void;
  /** How many keys are watched. */
  size(): number;
}

interface Entry<State> {
  readonly watched: WatchedKey<State>;
  /**
   * Follows the topics and ranges of a state, unless a later state is followed already. Returns
   * whether events after the state may have passed without notice, because some of its topics or
   * ranges were not followed.
   */
  follow(known: Pick<WatchedState<State>, 'sequence' | 'state'>): boolean;
}

/** How many events are kept, at least, for states that begin to depend on their topics. */
const recentMax = 1_000;

/**
 * `onFailure`: called with the error of a topics function that throws; the event then has no
 * topics.
 */
export function createWatchRegistry(onFailure: (error: unknown) => void): WatchRegistry {
  const entries = new Map<string, Entry<unknown>>();
  const byTopic = createTopicIndex<WatchedKey<unknown>>(onFailure);
  const byRange = createRangeRegistry<WatchedKey<unknown>>();
  const recent: StoredEvent[] = [];
  return {
    find<State>(watchable: Watchable<State>) {
      const known =
        entries.get(watchable.key) ??
        // The states of one key are of one type: that of its watchable.
        createEntry({ byTopic, byRange }, watchable as Watchable<unknown>, (watched) => {
          if (entries.get(watchable.key)?.watched === watched) entries.delete(watchable.key);
        });
      entries.set(watchable.key, known);
      return known as Entry<State>;
    },
    notify(event) {
      recent.push(event);
      if (recent.length >= 2 * recentMax) recent.splice(0, recentMax);
      for (const watched of byTopic.concernedBy(event)) watched.notify(event.sequence, event);
    },
    listed: byRange.views,
    notifyOfLists(changes) {
      for (const change of changes) {
        for (const watched of byRange.concernedBy(change)) watched.notify(change.sequence, null);
      }
    },
    notifyOfView(view, sequence) {
      for (const watched of byRange.watching(view)) watched.notify(sequence, null);
    },
    eventsSince(sequence) {
      const oldest = recent[0]?.sequence ?? 0;
      if (oldest > sequence + 1) return null;
      return oldest === 0 ? recent : recent.slice(Math.max(0, sequence + 1 - oldest));
    },
    forget() {
      for (const { watched } of entries.values()) watched.forget();
    },
    fail(error) {
      for (const { watched } of entries.values()) watched.fail(error);
      // A new watcher must not get a state that the ended watchers have read.
      entries.clear();
      byTopic.clear();
      byRange.clear();
      recent.length = 0;
    },
    size: () => entries.size,
  };
}

interface Watching {
  readonly byTopic: TopicIndex<WatchedKey<unknown>>;
  readonly byRange: RangeRegistry<WatchedKey<unknown>>;
}

/** Creates an entry, whose topics and ranges are watched until it is no longer. */
function createEntry(
  { byTopic, byRange }: Watching,
  watchable: Watchable<unknown>,
  onUnwatched: (watched: WatchedKey<unknown>) => void,
): Entry<unknown> {
  let topics: readonly Topic[] = [];
  let ranges: readonly ListRange[] = [];
  let followed = -1;
  const watched = createWatched(watchable.read, () => {
    for (const topic of topics) byTopic.remove(topic, watched);
    for (const range of ranges) byRange.remove(range);
    onUnwatched(watched);
  });
  function setTopics(wanted: readonly Topic[]): boolean {
    const [isFollowed, isWanted] = [isAmong(topics), isAmong(wanted)];
    const added = wanted.filter((topic) => !isFollowed(topic));
    for (const topic of topics) if (!isWanted(topic)) byTopic.remove(topic, watched);
    for (const topic of added) byTopic.add(topic, watched);
    topics = wanted;
    return added.length > 0;
  }
  function setRanges(wanted: readonly ListRange[]): boolean {
    const before = new Set(ranges.map(textOf));
    for (const range of ranges) byRange.remove(range);
    for (const range of wanted) byRange.add(range, watched);
    ranges = wanted;
    return wanted.some((range) => !before.has(textOf(range)));
  }
  setTopics(watchable.topics(null));
  return {
    watched,
    follow({ sequence, state }) {
      // A reader that lags behind has this state. Its topics may never have been followed.
      if (sequence < followed) return true;
      followed = sequence;
      const hasNewTopics = setTopics(watchable.topics(state));
      const hasNewRanges = setRanges(watchable.ranges?.(state) ?? []);
      return hasNewTopics || hasNewRanges;
    },
  };
}

function textOf({ view, list, partition, from, to }: ListRange): string {
  return JSON.stringify([view.name, list, partition, from, to]);
}

function isAmong(topics: readonly Topic[]): (topic: Topic) => boolean {
  const names = new Map<TopicsOf, Set<string>>();
  for (const { of, name } of topics) names.set(of, (names.get(of) ?? new Set()).add(name));
  return ({ of, name }) => names.get(of)?.has(name) === true;
}

/** Whether an event has a topic, also if that cannot be found out. */
export function hasTopic(event: StoredEvent, { of, name }: Topic): boolean {
  try {
    return of(event).includes(name);
  } catch {
    // The state is read again, and that throws an error that says so.
    return true;
  }
}
