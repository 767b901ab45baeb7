import type { JsonObject } from '../../kernel/event.ts';
import type { View, ViewList } from '../../kernel/view.ts';
import { createPartitionNames, type PartitionNames, toPosition } from './partition.ts';

/** A view of any documents: the engine passes on what the view itself made. */
export type AnyView = View<JsonObject>;

/** Where a document stands in one list: at the same position in several partitions. */
export interface ListPlacement {
  readonly position: string;
  /** Of the list's filters, in their order. */
  readonly values: readonly string[];
  /** By combination of filters, as `PartitionNames` has them. */
  readonly partitions: readonly string[];
  /** The page of events, by its first sequence, that has made this stand. */
  readonly page: number;
  /** Which of the places opened by that page it is, by partition; -1: opened before. */
  readonly opened: number[];
}

/** A document as it stands now, in each of the view's lists; null: not in that one. */
export interface Placement {
  readonly document: JsonObject | undefined;
  readonly lists: readonly (ListPlacement | null)[];
}

/** How the documents stand that a fold touches; an absent key has no document. */
export type Placements = Map<string, Placement>;

/** Most changes of a document leave it where it was: it then has the very stands of `before`. */
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
  return { document, lists: lists };
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
  const isAlike = before !== null && values.every((value, index) => value === before.values[index]);
  if (isAlike && before.position === position) return before;
  const partitions = isAlike ? before.partitions : list.partitionsOf(values);
  return { position, values, partitions, page, opened: partitions.map(() => -1) };
}

interface KnownList {
  readonly name: string;
  readonly position: ViewList<JsonObject>['position'];
  readonly filters: readonly ((document: JsonObject) => string)[];
  readonly partitionsOf: PartitionNames;
}

const listsByView = new WeakMap<AnyView, readonly KnownList[]>();

/** The lists of a view, in the order in which documents stand in them. */
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
