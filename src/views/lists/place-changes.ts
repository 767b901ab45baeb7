import { type AnyView, listsOf, type Stand, type Standing } from './placement.ts';

/** A place of a document in one partition of a list. */
export interface Place {
  readonly list: string;
  readonly partition: string;
  readonly position: string;
  readonly key: string;
  /** The number of the block that holds it; 0 until that is known. */
  block: number;
}

export interface OpenedPlace extends Place {
  readonly from: number;
  /** Null: still open. */
  to: number | null;
}

/** A place opened by an earlier page. */
export interface ClosedPlace extends Place {
  readonly to: number;
}

export interface PlaceChanges {
  /** In the order in which they were opened. */
  readonly opened: readonly OpenedPlace[];
  readonly closed: readonly ClosedPlace[];
}

/** Collects the places that documents take and leave in one page of events. */
export function createPlaceChanges(view: AnyView, page: number) {
  const lists = listsOf(view);
  const opened: OpenedPlace[] = [];
  const closed: ClosedPlace[] = [];

  function close(list: string, key: string, stand: Stand, index: number, to: number): void {
    const young = stand.page === page ? opened[stand.opened[index] ?? -1] : undefined;
    if (young !== undefined) {
      young.to = to;
      return;
    }
    const { position, partitions } = stand;
    closed.push({ list, partition: partitions[index] ?? '', position, key, block: 0, to });
  }

  function open(list: string, key: string, stand: Stand, index: number, from: number): void {
    const { position, partitions } = stand;
    stand.opened[index] = opened.length;
    const partition = partitions[index] ?? '';
    opened.push({ list, partition, position, key, block: 0, from, to: null });
  }

  function moveIn(
    list: string,
    key: string,
    before: Stand | null,
    after: Stand | null,
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

  const changes: PlaceChanges = { opened, closed };
  return {
    changes,
    /** From `sequence` on a document stands as `after` instead of as `before`. */
    move(key: string, before: Standing | undefined, after: Standing, sequence: number): void {
      for (const [index, { name }] of lists.entries()) {
        const from = before?.stands[index] ?? null;
        const to = after.stands[index] ?? null;
        if (from !== to) moveIn(name, key.toWellFormed(), from, to, sequence);
      }
    },
  };
}
