import type { JsonObject, StoredEvent } from './event.ts';

/**
 * A read model: a pure fold of events into JSON documents by key. The engine keeps every document
 * for each sequence at which it changed.
 */
export interface View<Document extends JsonObject = JsonObject> {
  readonly name: string;
  /** Raised when `keysOf`, `evolve`, `begins` or `lists` change: the view is then built anew from the log. */
  readonly version: number;
  readonly description: string;
  /** The event types it folds; other events never reach it. */
  readonly types: readonly string[];
  /** The documents that an event changes; none: it does not concern this view. */
  keysOf(event: StoredEvent): readonly string[];
  /** The document after the event; `undefined` before it first appears and once it is gone. */
  evolve(document: Document | undefined, event: StoredEvent, key: string): Document | undefined;
  /**
   * Whether the event is the first ever about the key, by the rules of the domain: the engine then
   * does not look for a document. Absent: it always looks.
   */
  begins?(event: StoredEvent, key: string): boolean;
  readonly lists?: Readonly<Record<string, ViewList<Document>>>;
}

/**
 * One order in which the documents of a view can be read, at any sequence, through an index: by
 * `position`, then by key.
 */
export interface ViewList<Document> {
  /** Text whose byte order is the wanted order; see `toSortable…`. Null: not in this list. */
  position(document: Document, key: string): string | null;
  /**
   * Filters by name, at most four. Any combination of them narrows the list through the index: a
   * document has a place for each combination, so a change of a filter's value moves half of them.
   */
  readonly filters?: Readonly<Record<string, ValueOf<Document>>>;
}

/** As a method's type, so that a view of some documents is a view of JSON documents. */
type ValueOf<Document> = { valueOf(document: Document): string }['valueOf'];
