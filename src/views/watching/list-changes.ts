import type { JsonObject, StoredEvent } from '../../kernel/event.ts';
import { groupBy } from '../../lib/group-by.ts';
import { touchedBy } from '../building/fold.ts';
import { type AnyView, listsOf, toPlacement } from '../lists/placement.ts';
import type { Cursor } from '../read.ts';
import type { Views } from '../views.ts';

/** The part of a list that a page has read: between two points, which belong to it. */
export interface ListRange {
  readonly view: AnyView;
  readonly list: string;
  readonly partition: string;
  /** Null: from the beginning of the list. */
  readonly from: Cursor | null;
  /** Null: to the end of the list. */
  readonly to: Cursor | null;
}

/** A point of a list at which an entry, or the document of an entry, has changed. */
export interface ListChange {
  readonly view: AnyView;
  readonly list: string;
  readonly partition: string;
  readonly at: Cursor;
  /** The sequence of the event that changed it. */
  readonly sequence: number;
}

/**
 * Finds the changes that consecutive events make to the lists of a view. An event does not say
 * where a document is in a list, so all versions of the documents that the events change are read,
 * in one statement. Throws `ViewNotReadableError` and `UpgradeNeededError`.
 */
export async function listChanges(
  views: Pick<Views, 'versions'>,
  view: AnyView,
  events: readonly StoredEvent[],
): Promise<readonly ListChange[]> {
  const { touches } = touchedBy(view, events);
  const keys = [...new Set(touches.flatMap((touch) => touch.keys))];
  const first = events[0];
  const last = events.at(-1);
  if (keys.length === 0 || first === undefined || last === undefined) return [];
  const after = first.sequence - 1;
  const versions = await views.versions(view, keys, { after, upTo: last.sequence });
  const changes: ListChange[] = [];
  for (const [key, own] of groupBy(versions, (version) => version.key)) {
    let before: JsonObject | undefined;
    for (const { document, sequence } of own) {
      const current = document ?? undefined;
      if (sequence > after) {
        for (const entry of entriesOf(view, key, [before, current])) {
          changes.push({ view, ...entry, sequence });
        }
      }
      before = current;
    }
  }
  return changes;
}

/** The entries of some versions of a document in the lists of its view. */
function entriesOf(
  view: AnyView,
  key: string,
  versions: readonly (JsonObject | undefined)[],
): readonly Omit<ListChange, 'view' | 'sequence'>[] {
  const lists = listsOf(view);
  return versions.flatMap((document) =>
    toPlacement(view, document, key, 0).lists.flatMap((placement, index) => {
      if (placement === null) return [];
      const list = lists[index]?.name ?? '';
      const at = { position: placement.position, key };
      return placement.partitions.map((partition) => ({ list, partition, at }));
    }),
  );
}
