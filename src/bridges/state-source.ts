import { createEventPredicate } from '../feed/event-predicate.ts';
import type { Feed } from '../feed/feed.ts';
import { nextPage } from '../feed/next-page.ts';
import type { StoredEvent } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import type { Log } from '../log/log.ts';
import type { KeyRing } from '../personal/key-ring.ts';
import type { Views } from '../views/views.ts';
import type { Message } from './message.ts';
import type { MessageSource } from './source.ts';

interface StateSourceOptions {
  readonly log: Log;
  readonly feed: Feed;
  readonly views: Views;
  readonly view: View;
  /** What opens personal texts. */
  readonly keys: Pick<KeyRing, 'openMembers'>;
  readonly ledger: string;
  /** How many events a page has at most. */
  readonly limit: number;
}

/** How many documents are read at a time. */
const readsMax = 8;

/**
 * The documents of a view that a page of events has changed, each once, as they are after the page.
 * A message has the sequence number of the last event that concerns its document, so several may
 * have the same. Waits until the views have reached the end of the page.
 */
export function openStateSource(options: StateSourceOptions, signal: AbortSignal): MessageSource {
  const { log, feed, views, view, limit } = options;
  const filter = { types: view.types };
  const passes = createEventPredicate(filter);
  const history = feed.history();
  return {
    async page(after, withinMs) {
      const page = await nextPage({ log, feed, filter, signal, history, limit }, after, withinMs);
      if (page === null) return null;
      const { events, end } = page;
      const changes = lastChanges(view, events.filter(passes));
      if (changes.length > 0 && !(await views.waitFor(end, withinMs, signal))) {
        return { messages: [], end: after, endEventId: null, behind: feed.tail() - after };
      }
      const messages: Message[] = [];
      for (let index = 0; index < changes.length; index += readsMax) {
        const some = changes.slice(index, index + readsMax);
        messages.push(...(await Promise.all(some.map((change) => read(options, change, end)))));
      }
      const last = events.at(-1);
      const endEventId = last?.sequence === end ? last.id : null;
      return { messages, end, endEventId, behind: feed.tail() - end };
    },
  };
}

/** The key of a document, and the last event that concerns it. */
type Change = readonly [string, StoredEvent];

/** In the order of the events. */
function lastChanges(view: View, events: readonly StoredEvent[]): readonly Change[] {
  const changes = new Map<string, StoredEvent>();
  for (const event of events) {
    for (const key of view.keysOf(event)) {
      changes.delete(key);
      changes.set(key, event);
    }
  }
  return [...changes];
}

async function read(
  { views, view, keys, ledger }: StateSourceOptions,
  [key, event]: Change,
  at: number,
): Promise<Message> {
  const found = await views.document(view, key, at);
  const { id, sequence, recordedAt } = event;
  const document = found === null ? null : await keys.openMembers(found.document, null);
  return {
    sequence,
    eventId: id,
    key,
    attributes: {
      id: `${id}/${key}`,
      source: `urn:uuid:${ledger}`,
      type: `daybook.view.${view.name}`,
      subject: key,
      time: recordedAt,
      datacontenttype: 'application/json',
      ledger,
      sequence: String(sequence),
      eventid: id,
    },
    data: document === null ? null : JSON.stringify(document),
  };
}
