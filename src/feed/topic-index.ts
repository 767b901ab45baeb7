import type { StoredEvent } from '../kernel/event.ts';
import type { Topic, TopicsOf } from './event-topics.ts';

/** Items by the topics that they follow. */
export interface TopicIndex<Item> {
  add(topic: Topic, item: Item): void;
  /** Does nothing if the item does not follow the topic. */
  remove(topic: Topic, item: Item): void;
  /** The items that follow a topic of the event, each once. */
  concernedBy(event: StoredEvent): ReadonlySet<Item>;
  clear(): void;
}

/** `onFailure`: called with the error of a topics function; the event then has no topics of it. */
export function createTopicIndex<Item>(onFailure?: (error: unknown) => void): TopicIndex<Item> {
  const byTopic = new Map<TopicsOf, Map<string, Set<Item>>>();
  const topicsOf = (of: TopicsOf, event: StoredEvent): readonly string[] => {
    try {
      return of(event);
    } catch (error) {
      if (onFailure === undefined) throw error;
      onFailure(error);
      return [];
    }
  };
  return {
    add({ of, name }, item) {
      const names = byTopic.get(of) ?? new Map<string, Set<Item>>();
      const items = names.get(name) ?? new Set();
      byTopic.set(of, names.set(name, items.add(item)));
    },
    remove({ of, name }, item) {
      const names = byTopic.get(of);
      const items = names?.get(name);
      items?.delete(item);
      if (items?.size === 0) names?.delete(name);
      if (names?.size === 0) byTopic.delete(of);
    },
    concernedBy(event) {
      const concerned = new Set<Item>();
      for (const [of, names] of byTopic) {
        for (const name of topicsOf(of, event)) {
          for (const item of names.get(name) ?? []) concerned.add(item);
        }
      }
      return concerned;
    },
    clear: () => byTopic.clear(),
  };
}
