import type { JsonObject, StoredEvent } from './event.ts';

/**
 * A read model: a pure fold of events into JSON documents by key. The engine keeps every document
 * for each sequence number at which it changed.
 */
export interface View<Document extends JsonObject = JsonObject> {
  readonly name: string;
  /**
   * Must be raised when `keysOf`, `evolve`, `begins` or `lists` changes: the view is then rebuilt
   * from the log.
   */
  readonly version: number;
  readonly description: string;
  /** The event types that the view folds. Its functions get no other events. */
  readonly types: readonly string[];
  /** The keys of the documents that the event changes; empty if it does not concern this view. */
  keysOf(event: StoredEvent): readonly string[];
  /**
   * The document after the event. `undefined` means that the document does not exist: before its
   * first event, or after it is removed.
   */
  evolve(document: Document | undefined, event: StoredEvent, key: string): Document | undefined;
  /**
   * Whether the rules of the domain make this the first event of the key. If so, the engine does
   * not read the document. Absent: the engine always reads it.
   */
  begins?(event: StoredEvent, key: string): boolean;
  readonly lists?: Readonly<Record<string, ViewList<Document>>>;
}

/**
 * An order in which the documents of a view can be read, at any sequence number, through an index:
 * by `position`, then by key.
 */
export interface ViewList<Document> {
  /**
   * Text whose byte order is the order of the list (`toSortable…` makes such text). Null: the
   * document is not in the list.
   */
  position(document: Document, key: string): string | null;
  /**
   * Filters by name, at most four. Each combination of them narrows the list through the index. A
   * document has an entry for each combination, so changing the value of one filter moves half of
   * its entries. A filter may have several values, all different: the document then has the entries
   * of each of them.
   */
  readonly filters?: Readonly<Record<string, ValueOf<Document>>>;
}

/** The type of a method, so that a view of specific documents is also a view of JSON documents. */
type ValueOf<Document> = {
  valueOf(document: Document): string | readonly string[];
}['valueOf'];
