import type { JsonObject, StoredEvent } from '../../kernel/event.ts';
import type { View } from '../../kernel/view.ts';
import { keysOf } from '../building/fold.ts';
import type { Views } from '../views.ts';
import type { TopicsOf, Watchable } from './watched-state.ts';

/** A document at a sequence; null when there is none. */
export interface DocumentState<Document> {
  readonly document: Document | null;
  /** Of the event that made it what it is; 0 when there has been none. */
  readonly changedAt: number;
}

/** One document of a view, to be watched: told whenever it has changed. */
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
      if (found === null) return { document: null, changedAt: 0 };
      // The view's own evolve has made the document: it is of the view's type.
      return { document: found.document as Document, changedAt: found.sequence };
    },
    isNews: (before, after) =>
      after.changedAt > before.changedAt ||
      (after.document === null) !== (before.document === null),
  };
}

/** The keys of the documents of a view that an event changes, as topics: one function for a view. */
export function topicsOf<Document extends JsonObject>(view: View<Document>): TopicsOf {
  const known = topics.get(view);
  if (known !== undefined) return known;
  const made = (event: StoredEvent) => keysOf(view as never, event);
  topics.set(view, made);
  return made;
}

const topics = new WeakMap<object, TopicsOf>();
