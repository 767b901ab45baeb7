import type { AnyView } from '../lists/placement.ts';
import { compareListPositions } from '../read.ts';
import type { ListChange, ListRange } from './list-changes.ts';

/** Ranges of lists, with what watches each of them. */
export interface RangeRegistry<Watched> {
  /** A range is watched once, and known by its identity. */
  add(range: ListRange, watched: Watched): void;
  remove(range: ListRange): void;
  clear(): void;
  /** The views of which a list is watched. */
  views(): readonly AnyView[];
  /** What watches a range in which a list has changed. */
  concernedBy(change: ListChange): ReadonlySet<Watched>;
  /** What watches any list of a view. */
  watching(view: AnyView): ReadonlySet<Watched>;
}

export function createRangeRegistry<Watched>(): RangeRegistry<Watched> {
  const byView = new Map<AnyView, Map<string, Map<ListRange, Watched>>>();
  return {
    add(range, watched) {
      const partitions = byView.get(range.view) ?? new Map<string, Map<ListRange, Watched>>();
      byView.set(range.view, partitions);
      const ranges = partitions.get(partitionKey(range)) ?? new Map<ListRange, Watched>();
      partitions.set(partitionKey(range), ranges.set(range, watched));
    },
    remove(range) {
      const partitions = byView.get(range.view);
      const ranges = partitions?.get(partitionKey(range));
      ranges?.delete(range);
      if (ranges?.size === 0) partitions?.delete(partitionKey(range));
      if (partitions?.size === 0) byView.delete(range.view);
    },
    clear: () => byView.clear(),
    views: () => [...byView.keys()],
    concernedBy(change) {
      const concerned = new Set<Watched>();
      for (const [range, watched] of byView.get(change.view)?.get(partitionKey(change)) ?? []) {
        if (isInRange(change, range)) concerned.add(watched);
      }
      return concerned;
    },
    watching(view) {
      const ranges = [...(byView.get(view)?.values() ?? [])];
      return new Set(ranges.flatMap((each) => [...each.values()]));
    },
  };
}

function partitionKey({ list, partition }: Pick<ListRange, 'list' | 'partition'>): string {
  return `${list} ${partition}`;
}

/** Whether a change is in a range of the same view. */
export function isInRange(change: ListChange, range: ListRange): boolean {
  const { at } = change;
  const { from, to } = range;
  return (
    partitionKey(change) === partitionKey(range) &&
    (from === null || compareListPositions(at, from) >= 0) &&
    (to === null || compareListPositions(at, to) <= 0)
  );
}
