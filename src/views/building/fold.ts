import type { JsonObject, StoredEvent } from '../../kernel/event.ts';
import { createEntryChanges, type EntryChanges } from '../lists/entry-changes.ts';
import { type AnyView, type Placement, type Placements, toPlacement } from '../lists/placement.ts';

/** A document from a sequence on; null if it no longer exists. */
interface DocumentChange {
  readonly key: string;
  readonly sequence: number;
  readonly document: JsonObject | null;
  /** The document as JSON, as it is stored. */
  readonly text: string | null;
}

/** The changes that some events make to a view. */
export interface Changes extends EntryChanges {
  readonly documents: readonly DocumentChange[];
  /** The event on which the view failed, and its error; the changes include all earlier events. */
  readonly failure: Failure | null;
}

interface Failure {
  readonly event: StoredEvent;
  readonly error: unknown;
}

/** The events of a page that concern a view, and the keys of the documents that they change. */
export interface Touched {
  readonly touches: readonly Touch[];
  /** Keys whose documents are needed for the fold; the others are created in it. */
  readonly keys: ReadonlySet<string>;
  /** The event for which the view failed to return keys; all earlier events can be folded. */
  readonly failure: Failure | null;
}

interface Touch {
  readonly event: StoredEvent;
  readonly keys: readonly string[];
}

/** Finds the events that concern a view, up to the first one on which it fails. */
export function touchedBy(view: AnyView, events: readonly StoredEvent[]): Touched {
  const touches: Touch[] = [];
  const keys = new Set<string>();
  const created = new Set<string>();
  for (const event of events) {
    try {
      const own = keysOf(view, event);
      if (own.length === 0) continue;
      for (const key of own) {
        if (keys.has(key) || created.has(key)) continue;
        (view.begins?.(event, key) === true ? created : keys).add(key);
      }
      touches.push({ event, keys: own });
    } catch (error) {
      return { touches, keys, failure: { event, error } };
    }
  }
  return { touches, keys, failure: null };
}

/** The keys of the documents that an event changes; empty if it does not concern the view. */
export function keysOf(view: AnyView, event: StoredEvent): readonly string[] {
  return view.types.includes(event.type) ? view.keysOf(event) : nothing;
}

const nothing: readonly string[] = [];

/** Folds events into a view. Pure, except that it updates `placements`. */
export function fold(
  view: AnyView,
  { touches, failure }: Pick<Touched, 'touches' | 'failure'>,
  placements: Placements,
): Changes {
  const page = touches[0]?.event.sequence ?? 0;
  const documents: DocumentChange[] = [];
  const entries = createEntryChanges(view, page);
  for (const touch of touches) {
    const { sequence } = touch.event;
    try {
      for (const [key, after] of changesOf(view, touch, page, placements)) {
        entries.move(key, placements.get(key), after, sequence);
        placements.set(key, after);
        const { document = null } = after;
        const text = document === null ? null : JSON.stringify(document);
        documents.push({ key, sequence, document, text });
      }
    } catch (error) {
      return { documents, ...entries.changes, failure: { event: touch.event, error } };
    }
  }
  return { documents, ...entries.changes, failure };
}

/** All changes of one event, computed before any of them takes effect. */
function changesOf(
  view: AnyView,
  { event, keys }: Touch,
  page: number,
  placements: Placements,
): readonly (readonly [string, Placement])[] {
  const changes: [string, Placement][] = [];
  for (const key of keys) {
    const before = placements.get(key);
    const after = view.evolve(before?.document, event, key);
    if (after !== before?.document)
      changes.push([key, toPlacement(view, after, key, page, before)]);
  }
  return changes;
}
