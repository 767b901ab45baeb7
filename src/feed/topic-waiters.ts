import type { StoredEvent } from '../kernel/event.ts';
import { onAbort } from '../lib/on-abort.ts';
import type { Topic } from './event-topics.ts';
import { createTopicIndex } from './topic-index.ts';

/** Readers that wait for events of few topics, and are not woken by other events. */
export interface TopicWaiters {
  /**
   * Waits for an event that has one of the topics, and resolves with the sequence right before it.
   * Resolves with the tail if `wake` is called or the signal fires first.
   */
  next(topics: readonly Topic[], signal: AbortSignal): Promise<number>;
  /** Passes on events that the tail now includes. */
  notify(events: readonly StoredEvent[]): void;
  /** Wakes all readers. */
  wake(): void;
}

type Waiter = (sequence: number) => void;

/** `tail`: returns the sequence of the last event that was passed to `notify`. */
export function createTopicWaiters(tail: () => number): TopicWaiters {
  const index = createTopicIndex<Waiter>();
  const waiters = new Set<Waiter>();
  return {
    next: (topics, signal) =>
      new Promise((resolve) => {
        const finish: Waiter = (sequence) => {
          waiters.delete(finish);
          for (const topic of topics) index.remove(topic, finish);
          ignoreAbort();
          // The tail may have moved on before the reader runs, so it gets the sequence of now.
          resolve(sequence);
        };
        waiters.add(finish);
        for (const topic of topics) index.add(topic, finish);
        const ignoreAbort = onAbort(signal, () => finish(tail()));
      }),
    notify(events) {
      for (const event of events) {
        if (waiters.size === 0) return;
        for (const waiter of index.concernedBy(event)) waiter(event.sequence - 1);
      }
    },
    wake() {
      for (const waiter of [...waiters]) waiter(tail());
    },
  };
}
