import type { StoredEvent } from '../../kernel/event.ts';
import {
  createWatched,
  type Topic,
  type TopicsOf,
  type Watchable,
  type Watched,
  type WatchedState,
} from './watched-state.ts';

/** All that is watched, by the topics of the events that may change it. */
export interface WatchRegistry {
  /** What somebody watches under this key already, or is going to. */
  find<State>(watchable: Watchable<State>): Entry<State>;
  /** Tells an event to all whom it may concern. */
  tell(event: StoredEvent): void;
  /** Ends all who watch anything with an error. */
  fail(error: Error): void;
  size(): number;
}

export interface Entry<State> {
  readonly watched: Watched<State>;
  /**
   * Sets the topics that go with a state; whether some were not there before. An older state than
   * the one before, of a reader that lags behind, sets none.
   */
  follow(known: Pick<WatchedState<State>, 'sequence' | 'state'>): boolean;
}

/** `onFailure`: told what the topics of an event have thrown; it then has none. */
export function createWatchRegistry(onFailure: (error: unknown) => void): WatchRegistry {
  const entries = new Map<string, Entry<unknown>>();
  const byTopic = new Map<TopicsOf, Map<string, Set<Watched<unknown>>>>();

  function add({ of, name }: Topic, watched: Watched<unknown>): void {
    const names = byTopic.get(of) ?? new Map<string, Set<Watched<unknown>>>();
    const watching = names.get(name) ?? new Set();
    byTopic.set(of, names.set(name, watching.add(watched)));
  }

  function remove({ of, name }: Topic, watched: Watched<unknown>): void {
    const names = byTopic.get(of);
    const watching = names?.get(name);
    watching?.delete(watched);
    if (watching?.size === 0) names?.delete(name);
    if (names?.size === 0) byTopic.delete(of);
  }

  function create(watchable: Watchable<unknown>): Entry<unknown> {
    let topics: readonly Topic[] = [];
    let followed = -1;
    const watched = createWatched(watchable.read, () => {
      for (const topic of topics) remove(topic, watched);
      if (entries.get(watchable.key)?.watched === watched) entries.delete(watchable.key);
    });
    function set(wanted: readonly Topic[]): boolean {
      const isOf = (known: readonly Topic[]) => (topic: Topic) =>
        known.some(({ of, name }) => of === topic.of && name === topic.name);
      const added = wanted.filter((topic) => !isOf(topics)(topic));
      for (const topic of topics) if (!isOf(wanted)(topic)) remove(topic, watched);
      for (const topic of added) add(topic, watched);
      topics = wanted;
      return added.length > 0;
    }
    set(watchable.topics(null));
    return {
      watched,
      follow({ sequence, state }) {
        if (sequence < followed) return false;
        followed = sequence;
        return set(watchable.topics(state));
      },
    };
  }

  function topicsSafely(of: TopicsOf, event: StoredEvent): readonly string[] {
    try {
      return of(event);
    } catch (error) {
      // The view parks on this event: who reads it is told so.
      onFailure(error);
      return [];
    }
  }

  return {
    find<State>(watchable: Watchable<State>) {
      // The states of one key are of one type: that of its watchable.
      const known = entries.get(watchable.key) ?? create(watchable as Watchable<unknown>);
      entries.set(watchable.key, known);
      return known as Entry<State>;
    },
    tell(event) {
      const concerned = new Set<Watched<unknown>>();
      for (const [of, names] of byTopic) {
        for (const name of topicsSafely(of, event)) {
          for (const watched of names.get(name) ?? []) concerned.add(watched);
        }
      }
      for (const watched of concerned) watched.tell(event.sequence, event);
    },
    fail(error) {
      for (const { watched } of entries.values()) watched.fail(error);
      // Whoever comes now must not be given a state that the others had read.
      entries.clear();
      byTopic.clear();
    },
    size: () => entries.size,
  };
}
