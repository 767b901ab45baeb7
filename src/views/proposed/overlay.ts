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
  compareListPositions,
  type DocumentAt,
  type ListedDocument,
  type ListPage,
} from '../read.ts';

/** The changes that proposed events make to a view: each document before and after them. */
export interface Overlay {
  readonly view: AnyView;
  readonly changes: ReadonlyMap<string, ChangedDocument>;
}

interface ChangedDocument {
  readonly key: string;
  /** Undefined if there is no such document yet. */
  readonly before: Placement | undefined;
  readonly after: Placement;
  /** The sequence of the last proposed event that changes it, as if recorded. */
  readonly sequence: number;
}

/** `known`: the current documents of the touched keys. Throws what the view throws. */
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

/** The document of a key as it would be; null if it would not exist, undefined if not changed. */
export function changedDocument({ changes }: Overlay, key: string): DocumentAt | null | undefined {
  const changed = changes.get(key);
  if (changed === undefined) return undefined;
  const { after, sequence } = changed;
  return after.document === undefined ? null : { key, document: after.document, sequence };
}

/** The page to read, long enough to fill the requested one without the documents that change. */
export function widenPage(overlay: Overlay, page: ListPage): ListPage {
  const positionOf = positionIn(overlay, page);
  let limit = page.limit;
  for (const { before } of overlay.changes.values()) {
    if (positionOf(before) !== null) limit += 1;
  }
  return { ...page, limit };
}

/** The page as it would be, from the documents of the widened page. */
export function mergePage(
  overlay: Overlay,
  page: ListPage,
  read: readonly ListedDocument[],
): readonly ListedDocument[] {
  const positionOf = positionIn(overlay, page);
  const merged = read.filter(({ key }) => !overlay.changes.has(key));
  for (const { key, after, sequence } of overlay.changes.values()) {
    const { document } = after;
    const position = positionOf(after);
    if (position === null || document === undefined) continue;
    if (isBetween({ position, key }, page)) merged.push({ key, document, sequence, position });
  }
  merged.sort(compareListPositions);
  return (page.descending ? merged.reverse() : merged).slice(0, page.limit);
}

/** Returns the position of a document in the list and partition of a page; null if not in it. */
function positionIn({ view }: Overlay, { list, filter = {} }: ListPage) {
  const index = listsOf(view).findIndex(({ name }) => name === list);
  const partition = toPartition(filter);
  return (placement: Placement | undefined): string | null => {
    const inList = placement?.lists[index] ?? null;
    return inList?.partitions.includes(partition) ? inList.position : null;
  };
}

function isBetween(position: Cursor, { after, before }: ListPage): boolean {
  return (
    (after == null || compareListPositions(position, after) > 0) &&
    (before == null || compareListPositions(position, before) < 0)
  );
}
