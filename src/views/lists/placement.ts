import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../kernel/event.ts';
import type { View, ViewList } from '../../kernel/view.ts';
import {
  createPartitionNames,
  type FilterValue,
  type PartitionNames,
  toPosition,
} from './partition.ts';

/** A view of any documents: the engine passes a view only documents that the view itself made. */
export type AnyView = View<JsonObject>;

/** The placement of a document in one list: the same position in several partitions. */
export interface ListPlacement {
  readonly position: string;
  /** The values of the list's filters, in their order. */
  readonly values: readonly FilterValue[];
  /** The partitions, as `PartitionNames` returns them. */
  readonly partitions: readonly string[];
  /** The first sequence of the page of events that has made this placement. */
  readonly page: number;
  /**
   * For each partition, the index of its entry among those that the page inserted; -1 if an earlier
   * page inserted it.
   */
  readonly opened: number[];
}

/** A document, and its placement in each of the view's lists; null if it is not in that list. */
export interface Placement {
  readonly document: JsonObject | undefined;
  readonly lists: readonly (ListPlacement | null)[];
}

/** The placements of the documents that a fold touches, by key; an absent key has no document. */
export type Placements = Map<string, Placement>;

/**
 * The placement of a document. Most changes of a document leave its placement in a list as it was;
 * the placement is then the same object as in `before`.
 */
export function toPlacement(
  view: AnyView,
  document: JsonObject | undefined,
  key: string,
  page: number,
  before?: Placement,
): Placement {
  if (document === undefined) return { document, lists: [] };
  const known = before?.lists ?? [];
  const lists = listsOf(view).map((list, index) => {
    return toListPlacement(list, document, key, page, known[index] ?? null);
  });
  return { document, lists };
}

function toListPlacement(
  list: KnownList,
  document: JsonObject,
  key: string,
  page: number,
  before: ListPlacement | null,
): ListPlacement | null {
  const wanted = list.position(document, key);
  if (wanted === null) return null;
  const position = toPosition(wanted);
  const values = list.filters.map((toValue) => toValue(document));
  const isAlike = before !== null && isDeepStrictEqual(values, before.values);
  if (isAlike && before.position === position) return before;
  const partitions = isAlike ? before.partitions : list.partitionsOf(values);
  return { position, values, partitions, page, opened: partitions.map(() => -1) };
}

interface KnownList {
  readonly name: string;
  readonly position: ViewList<JsonObject>['position'];
  readonly filters: readonly ((document: JsonObject) => FilterValue)[];
  readonly partitionsOf: PartitionNames;
}

const listsByView = new WeakMap<AnyView, readonly KnownList[]>();

/** The lists of a view, in the order of `Placement.lists`. */
export function listsOf(view: AnyView): readonly KnownList[] {
  const known = listsByView.get(view);
  if (known !== undefined) return known;
  const lists = Object.entries(view.lists ?? {}).map(([name, { position, filters = {} }]) => ({
    name,
    position,
    filters: Object.values(filters),
    partitionsOf: createPartitionNames(Object.keys(filters)),
  }));
  listsByView.set(view, lists);
  return lists;
}
