import type { JsonObject, StoredEvent } from '../../kernel/event.ts';
import { createEntryChanges, type EntryChanges } from '../lists/place-changes.ts';
import { type AnyView, type Placement, type Placements, toPlacement } from '../lists/placement.ts';

/** A document as it is from a sequence on; null: gone. */
export interface DocumentChange {
  readonly key: string;
  readonly sequence: number;
  readonly document: JsonObject | null;
}

/** What some events make of a view. */
export interface Changes extends EntryChanges {
  readonly documents: readonly DocumentChange[];
  /** The event on which the view failed and why; what precedes it is in the changes. */
  readonly failure: Failure | null;
}

export interface Failure {
  readonly event: StoredEvent;
  readonly error: unknown;
}

/** The events of a page that concern a view, and the keys of the documents that they change. */
export interface Touched {
  readonly touches: readonly Touch[];
  /** Keys whose documents have to be known for the fold: others begin in it. */
  readonly keys: ReadonlySet<string>;
  /** The view could not say what this event changes; those before it can be folded. */
  readonly failure: Failure | null;
}

interface Touch {
  readonly event: StoredEvent;
  readonly keys: readonly string[];
}

export function touchedBy(view: AnyView, events: readonly StoredEvent[]): Touched {
  const touches: Touch[] = [];
  const keys = new Set<string>();
  const begun = new Set<string>();
  for (const event of events) {
    try {
      const own = keysOf(view, event);
      if (own.length === 0) continue;
      for (const key of own) {
        if (keys.has(key) || begun.has(key)) continue;
        (view.begins?.(event, key) === true ? begun : keys).add(key);
      }
      touches.push({ event, keys: own });
    } catch (error) {
      return { touches, keys, failure: { event, error } };
    }
  }
  return { touches, keys, failure: null };
}

export function keysOf(view: AnyView, event: StoredEvent): readonly string[] {
  return view.types.includes(event.type) ? view.keysOf(event) : nothing;
}

const nothing: readonly string[] = [];

/** Folds events into a view. Pure but for `standings`, which is brought up to date. */
export function fold(
  view: AnyView,
  { touches, failure }: Pick<Touched, 'touches' | 'failure'>,
  standings: Placements,
): Changes {
  const page = touches[0]?.event.sequence ?? 0;
  const documents: DocumentChange[] = [];
  const places = createEntryChanges(view, page);
  for (const touch of touches) {
    const { sequence } = touch.event;
    try {
      for (const [key, after] of changesOf(view, touch, page, standings)) {
        places.move(key, standings.get(key), after, sequence);
        standings.set(key, after);
        documents.push({ key, sequence, document: after.document ?? null });
      }
    } catch (error) {
      return { documents, ...places.changes, failure: { event: touch.event, error } };
    }
  }
  return { documents, ...places.changes, failure };
}

/** All that one event changes, worked out before any of it takes effect. */
function changesOf(
  view: AnyView,
  { event, keys }: Touch,
  page: number,
  standings: Placements,
): readonly (readonly [string, Placement])[] {
  const changes: [string, Placement][] = [];
  for (const key of keys) {
    const before = standings.get(key);
    const after = view.evolve(before?.document, event, key);
    if (after !== before?.document)
      changes.push([key, toPlacement(view, after, key, page, before)]);
  }
  return changes;
}
