import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { partitionsOf, toPosition } from './partition.ts';

/** A view of any documents: the engine passes on what the view itself made. */
export type AnyView = View<JsonObject>;

/** A document as it is from a sequence on; null: gone. */
export interface DocumentChange {
  readonly key: string;
  readonly sequence: number;
  readonly document: JsonObject | null;
}

/** Where a document stands in one list: once in each partition of it. */
export interface Place {
  readonly list: string;
  readonly partition: string;
  readonly position: string;
  readonly key: string;
}

export interface OpenedPlace extends Place {
  readonly from: number;
  /** Null: still open. */
  readonly to: number | null;
}

export interface ClosedPlace extends Place {
  readonly to: number;
}

/** What some events make of a view. */
export interface Changes {
  readonly documents: readonly DocumentChange[];
  readonly opened: readonly OpenedPlace[];
  /** Places opened before these events. */
  readonly closed: readonly ClosedPlace[];
  /** The event on which the view failed and why; what precedes it is in the changes. */
  readonly failure: { readonly event: StoredEvent; readonly error: unknown } | null;
}

/** A document as it stands now, and its places in the view's lists. */
export interface Standing {
  readonly document: JsonObject | undefined;
  /** All that its places follow from, besides its key. */
  readonly signature: string;
  readonly places: ReadonlyMap<string, Place>;
}

/** How the documents stand that a fold touches; an absent key has no document. */
export type Standings = Map<string, Standing>;

/** The keys of a view that some events touch, for loading their documents before the fold. */
export function keysTouched(view: AnyView, events: readonly StoredEvent[]): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const event of events) {
    try {
      for (const key of keysOf(view, event)) keys.add(key);
    } catch {
      // The fold will meet the same error, and park the view there.
      return keys;
    }
  }
  return keys;
}

export function keysOf(view: AnyView, event: StoredEvent): readonly string[] {
  return view.types.includes(event.type) ? view.keysOf(event) : [];
}

/** Folds events into a view. Pure but for `standings`, which is brought up to date. */
export function fold(view: AnyView, events: readonly StoredEvent[], standings: Standings): Changes {
  const documents: DocumentChange[] = [];
  const places = createPlaceChanges();
  for (const event of events) {
    try {
      for (const [key, after] of changesOf(view, event, standings)) {
        places.move(standings.get(key)?.places ?? nowhere, after.places, event.sequence);
        standings.set(key, after);
        documents.push({ key, sequence: event.sequence, document: after.document ?? null });
      }
    } catch (error) {
      return { documents, ...places.result(), failure: { event, error } };
    }
  }
  return { documents, ...places.result(), failure: null };
}

/** All that one event changes, worked out before any of it takes effect. */
function changesOf(
  view: AnyView,
  event: StoredEvent,
  standings: Standings,
): readonly (readonly [string, Standing])[] {
  const changes: [string, Standing][] = [];
  for (const key of keysOf(view, event)) {
    const before = standings.get(key);
    const after = view.evolve(before?.document, event, key);
    if (after !== before?.document) changes.push([key, toStanding(view, after, key, before)]);
  }
  return changes;
}

const nowhere: ReadonlyMap<string, Place> = new Map();

/** Most changes of a document leave it where it was: its places are then those of `before`. */
export function toStanding(
  view: AnyView,
  document: JsonObject | undefined,
  key: string,
  before?: Standing,
): Standing {
  if (document === undefined) return { document, signature: '', places: nowhere };
  const wanted = Object.entries(view.lists ?? {}).map(([list, { position, filters = {} }]) => {
    const values = Object.entries(filters).map(([filter, toValue]) => [filter, toValue(document)]);
    return { list, position: position(document, key), values };
  });
  const signature = JSON.stringify(wanted);
  if (before?.signature === signature) return { document, signature, places: before.places };
  const places = new Map<string, Place>();
  for (const { list, position: given, values } of wanted) {
    if (given === null) continue;
    const position = toPosition(given);
    for (const partition of partitionsOf(Object.fromEntries(values))) {
      places.set(`${list}\0${partition}\0${position}\0${key}`, { list, partition, position, key });
    }
  }
  return { document, signature, places };
}

function createPlaceChanges() {
  const opened = new Map<string, OpenedPlace>();
  const finished: OpenedPlace[] = [];
  const closed: ClosedPlace[] = [];

  function close(id: string, place: Place, to: number): void {
    const young = opened.get(id);
    if (young === undefined) {
      closed.push({ ...place, to });
      return;
    }
    opened.delete(id);
    finished.push({ ...young, to });
  }

  return {
    /** From `sequence` on a document stands at the places `after` instead of `before`. */
    move(
      before: ReadonlyMap<string, Place>,
      after: ReadonlyMap<string, Place>,
      sequence: number,
    ): void {
      for (const [id, place] of before) if (!after.has(id)) close(id, place, sequence);
      for (const [id, place] of after) {
        if (!before.has(id)) opened.set(id, { ...place, from: sequence, to: null });
      }
    },
    result: () => ({ opened: [...finished, ...opened.values()], closed }),
  };
}
