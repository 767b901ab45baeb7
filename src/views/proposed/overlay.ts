import { fold, type Touched } from '../building/fold.ts';
import { toPartition } from '../lists/partition.ts';
import {
  type AnyView,
  listsOf,
  type Placement,
  type Placements,
  toPlacement,
} from '../lists/placement.ts';
import {
  type Cursor,
  comparePlaces,
  type DocumentAt,
  type ListedDocument,
  type ListPage,
} from '../read.ts';

/** What proposed events change in a view: documents as they are, and as they would be. */
export interface Overlay {
  readonly view: AnyView;
  readonly changes: ReadonlyMap<string, ChangedDocument>;
}

interface ChangedDocument {
  readonly key: string;
  /** Undefined: there is no such document yet. */
  readonly before: Placement | undefined;
  readonly after: Placement;
  /** Of the last event that changes it. */
  readonly sequence: number;
}

/** `known`: the documents of the touched keys as they are. Throws what the view throws. */
export function createOverlay(
  view: AnyView,
  touched: Touched,
  known: readonly DocumentAt[],
): Overlay {
  const before: Placements = new Map(
    known.map(({ key, document }) => [key, toPlacement(view, document, key, 0)]),
  );
  const after: Placements = new Map(before);
  const { documents, failure } = fold(view, touched, after);
  if (failure !== null) throw failure.error;
  const changes = new Map<string, ChangedDocument>();
  for (const { key, sequence } of documents) {
    const placement = after.get(key);
    if (placement === undefined) continue;
    changes.set(key, { key, before: before.get(key), after: placement, sequence });
  }
  return { view, changes };
}

/** The document of a key as it would be, null when it would be gone; undefined: not changed. */
export function changedDocument({ changes }: Overlay, key: string): DocumentAt | null | undefined {
  const changed = changes.get(key);
  if (changed === undefined) return undefined;
  const { after, sequence } = changed;
  return after.document === undefined ? null : { key, document: after.document, sequence };
}

/** The page to read of what is there, so that enough is left without the documents that change. */
export function widenPage(overlay: Overlay, page: ListPage): ListPage {
  const standsIn = placesOf(overlay, page);
  let limit = page.limit;
  for (const { before } of overlay.changes.values()) {
    if (standsIn(before) !== null) limit += 1;
  }
  return { ...page, limit };
}

/** The page as it would be, from what was read of the widened one. */
export function mergePage(
  overlay: Overlay,
  page: ListPage,
  read: readonly ListedDocument[],
): readonly ListedDocument[] {
  const standsIn = placesOf(overlay, page);
  const merged = read.filter(({ key }) => !overlay.changes.has(key));
  for (const { key, after, sequence } of overlay.changes.values()) {
    const { document } = after;
    const position = standsIn(after);
    if (position === null || document === undefined) continue;
    if (isBetween({ position, key }, page)) merged.push({ key, document, sequence, position });
  }
  merged.sort(comparePlaces);
  return (page.descending ? merged.reverse() : merged).slice(0, page.limit);
}

/** Says at which position a document stands in the list and the partition of a page; null: nowhere. */
function placesOf({ view }: Overlay, { list, filter }: ListPage) {
  const index = listsOf(view).findIndex(({ name }) => name === list);
  const partition = toPartition(filter);
  return (placement: Placement | undefined): string | null => {
    const inList = placement?.lists[index] ?? null;
    return inList?.partitions.includes(partition) ? inList.position : null;
  };
}

function isBetween(place: Cursor, { after, before }: ListPage): boolean {
  return (
    (after === null || comparePlaces(place, after) > 0) &&
    (before === null || comparePlaces(place, before) < 0)
  );
}
