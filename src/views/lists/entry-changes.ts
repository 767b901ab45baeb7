import { type AnyView, type ListPlacement, listsOf, type Placement } from './placement.ts';

/** The entry of a document in one partition of a list. */
export interface ListEntry {
  readonly list: string;
  readonly partition: string;
  readonly position: string;
  readonly key: string;
  /** The number of the block that contains it; 0 until that is known. */
  block: number;
}

/** An entry that is inserted by this page. */
export interface OpenedEntry extends ListEntry {
  /** The sequence from which it is valid. */
  readonly from: number;
  /** The sequence from which it is no longer valid; null if it is still live. */
  to: number | null;
}

/** An entry that an earlier page inserted and this one ends. */
export interface ClosedEntry extends ListEntry {
  /** The sequence from which it is no longer valid. */
  readonly to: number;
}

/** The list entries that a page of events inserts and ends. */
export interface EntryChanges {
  /** The inserted entries, in the order in which they were inserted. */
  readonly opened: readonly OpenedEntry[];
  readonly closed: readonly ClosedEntry[];
}

/** Collects the list entries that one page of events inserts and ends. */
export function createEntryChanges(view: AnyView, page: number) {
  const lists = listsOf(view);
  const opened: OpenedEntry[] = [];
  const closed: ClosedEntry[] = [];

  function close(
    list: string,
    key: string,
    placement: ListPlacement,
    index: number,
    to: number,
  ): void {
    const newEntry = placement.page === page ? opened[placement.opened[index] ?? -1] : undefined;
    if (newEntry !== undefined) {
      newEntry.to = to;
      return;
    }
    const { position, partitions } = placement;
    closed.push({ list, partition: partitions[index] ?? '', position, key, block: 0, to });
  }

  function open(
    list: string,
    key: string,
    placement: ListPlacement,
    index: number,
    from: number,
  ): void {
    const { position, partitions } = placement;
    placement.opened[index] = opened.length;
    const partition = partitions[index] ?? '';
    opened.push({ list, partition, position, key, block: 0, from, to: null });
  }

  function moveIn(
    list: string,
    key: string,
    before: ListPlacement | null,
    after: ListPlacement | null,
    sequence: number,
  ): void {
    const kept = keptPartitions(before, after);
    for (const index of before?.partitions.keys() ?? []) {
      const keptAt = kept.get(index);
      if (before === null) continue;
      if (after === null || keptAt === undefined) close(list, key, before, index, sequence);
      else if (before.page === page) after.opened[keptAt] = before.opened[index] ?? -1;
    }
    const stay = new Set(kept.values());
    for (const index of after?.partitions.keys() ?? []) {
      if (after !== null && !stay.has(index)) open(list, key, after, index, sequence);
    }
  }

  const changes: EntryChanges = { opened, closed };
  return {
    changes,
    /** Changes the placement of a document from `before` to `after`, as of `sequence`. */
    move(key: string, before: Placement | undefined, after: Placement, sequence: number): void {
      for (const [index, { name }] of lists.entries()) {
        const from = before?.lists[index] ?? null;
        const to = after.lists[index] ?? null;
        if (from !== to) moveIn(name, key.toWellFormed(), from, to, sequence);
      }
    },
  };
}

/** Where each partition in which the entry does not change is, by where it was. */
function keptPartitions(
  before: ListPlacement | null,
  after: ListPlacement | null,
): ReadonlyMap<number, number> {
  const kept = new Map<number, number>();
  if (before === null || after === null || before.position !== after.position) return kept;
  const places = new Map(after.partitions.map((partition, index) => [partition, index]));
  for (const [index, partition] of before.partitions.entries()) {
    const place = places.get(partition);
    if (place !== undefined) kept.set(index, place);
  }
  return kept;
}
