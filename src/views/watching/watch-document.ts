import type { TopicsOf } from '../../feed/event-topics.ts';
import type { JsonObject, StoredEvent } from '../../kernel/event.ts';
import type { View } from '../../kernel/view.ts';
import { keysOf } from '../building/fold.ts';
import type { Views } from '../views.ts';
import type { Watchable } from './watched-state.ts';

/** The state of a document at a sequence. */
export interface DocumentState<Document> {
  /** Null if the document does not exist. */
  readonly document: Document | null;
  /** The sequence of the event that last changed it; 0 if the document does not exist. */
  readonly changedAt: number;
}

/** A watchable for one document of a view, with a new state whenever the document has changed. */
export function watchableDocument<Document extends JsonObject>(
  views: Pick<Views, 'document'>,
  view: View<Document>,
  key: string,
): Watchable<DocumentState<Document>> {
  return {
    key: `document ${view.name} ${key}`,
    topics: () => [{ of: topicsOf(view), name: key }],
    async read(sequence) {
      const found = await views.document(view, key, sequence);
      return { document: found?.document ?? null, changedAt: found?.sequence ?? 0 };
    },
    isNews: (before, after) =>
      after.changedAt > before.changedAt ||
      (after.document === null) !== (before.document === null),
  };
}

/** The keys of the documents that an event changes, as topics; the same function for each view. */
export function topicsOf<Document extends JsonObject>(view: View<Document>): TopicsOf {
  const known = topics.get(view);
  if (known !== undefined) return known;
  const made = (event: StoredEvent) => keysOf(view as never, event);
  topics.set(view, made);
  return made;
}

const topics = new WeakMap<object, TopicsOf>();
