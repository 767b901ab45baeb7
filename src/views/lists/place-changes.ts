import { type AnyView, type ListPlacement, listsOf, type Placement } from './placement.ts';

/** A place of a document in one partition of a list. */
export interface ListEntry {
  readonly list: string;
  readonly partition: string;
  readonly position: string;
  readonly key: string;
  /** The number of the block that holds it; 0 until that is known. */
  block: number;
}

export interface OpenedEntry extends ListEntry {
  readonly from: number;
  /** Null: still open. */
  to: number | null;
}

/** A place opened by an earlier page. */
export interface ClosedEntry extends ListEntry {
  readonly to: number;
}

export interface EntryChanges {
  /** In the order in which they were opened. */
  readonly opened: readonly OpenedEntry[];
  readonly closed: readonly ClosedEntry[];
}

/** Collects the places that documents take and leave in one page of events. */
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
    const staysAt = before?.position === after?.position;
    const count = Math.max(before?.partitions.length ?? 0, after?.partitions.length ?? 0);
    for (let index = 0; index < count; index += 1) {
      if (before !== null && after !== null && staysAt) {
        if (before.partitions[index] === after.partitions[index]) {
          if (before.page === page) after.opened[index] = before.opened[index] ?? -1;
          continue;
        }
      }
      if (before !== null) close(list, key, before, index, sequence);
      if (after !== null) open(list, key, after, index, sequence);
    }
  }

  const changes: EntryChanges = { opened, closed };
  return {
    changes,
    /** From `sequence` on a document stands as `after` instead of as `before`. */
    move(key: string, before: Placement | undefined, after: Placement, sequence: number): void {
      for (const [index, { name }] of lists.entries()) {
        const from = before?.lists[index] ?? null;
        const to = after.lists[index] ?? null;
        if (from !== to) moveIn(name, key.toWellFormed(), from, to, sequence);
      }
    },
  };
}
