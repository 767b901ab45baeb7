import { createHash } from 'node:crypto';

/** The filter values that all documents of a partition have; empty for the whole list. */
export type FilterValues = Readonly<Record<string, string>>;

/**
 * An index row has at most 2,704 bytes, and texts from users can be longer. Positions are therefore
 * truncated (documents with equal prefixes are then ordered by key), and long partition names are
 * hashed.
 */
const positionLengthMax = 200;
const partitionLengthMax = 200;
const namesKnownMax = 10_000;

/** A position, truncated so that it fits into an index row. */
export function toPosition(wanted: string): string {
  return wanted.slice(0, positionLengthMax).toWellFormed();
}

/** The name of the partition for some filter values; the order of the values does not matter. */
export function toPartition(values: FilterValues): string {
  const names = Object.keys(values).sort();
  if (names.length === 0) return '';
  const name = JSON.stringify(names.flatMap((filter) => [filter, values[filter]]));
  if (name.length <= partitionLengthMax) return name;
  return createHash('sha256').update(name).digest('base64');
}

/** What a filter says of a document: one value, or several different ones. */
export type FilterValue = string | readonly string[];

/** The partitions of a document, given its filter values in the order of the filters. */
export type PartitionNames = (values: readonly FilterValue[]) => readonly string[];

/**
 * Returns the partitions that contain a document, one for each combination of the filters and of
 * their values. The names are cached, since computing them costs more than everything else.
 */
export function createPartitionNames(filters: readonly string[]): PartitionNames {
  if (filters.length === 0) return () => wholeList;
  let known: NamesByValue = new Map();
  let knownCount = 0;

  return (values) => {
    let level = known;
    for (const value of values) {
      const next = level.get(toText(value));
      if (next === undefined) break;
      if (!(next instanceof Map)) return next;
      level = next;
    }
    if (knownCount >= namesKnownMax) {
      known = new Map();
      knownCount = 0;
    }
    knownCount += 1;
    const names = combinationsOf(filters, values).map(toPartition);
    remember(known, values, names);
    return names;
  };
}

const wholeList: readonly string[] = [''];

type NamesByValue = Map<string, NamesByValue | readonly string[]>;

function remember(
  known: NamesByValue,
  values: readonly FilterValue[],
  names: readonly string[],
): void {
  let level = known;
  for (const value of values.slice(0, -1)) {
    const next = level.get(toText(value));
    const inner = next instanceof Map ? next : new Map();
    level.set(toText(value), inner);
    level = inner;
  }
  level.set(toText(values.at(-1) ?? ''), names);
}

/** A filter has either one value or several in all documents, so the texts cannot be confused. */
function toText(value: FilterValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function combinationsOf(
  filters: readonly string[],
  values: readonly FilterValue[],
): readonly FilterValues[] {
  let combinations: readonly FilterValues[] = [{}];
  for (const [index, filter] of filters.entries()) {
    const own = [values[index] ?? ''].flat();
    const filtered = own.flatMap((value) =>
      combinations.map((some) => ({ ...some, [filter]: value })),
    );
    combinations = [...combinations, ...filtered];
  }
  return combinations;
}
