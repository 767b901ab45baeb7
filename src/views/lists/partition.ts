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

/** The partitions of a document, given its filter values in the order of the filters. */
export type PartitionNames = (values: readonly string[]) => readonly string[];

/**
 * Returns the partitions that contain a document, one for each combination of the filters: the one
 * at `index` has the filters whose bits are set in `index`. The names are cached, since computing
 * them costs more than everything else.
 */
export function createPartitionNames(filters: readonly string[]): PartitionNames {
  if (filters.length === 0) return () => wholeList;
  let known: NamesByValue = new Map();
  let knownCount = 0;

  return (values) => {
    let level = known;
    for (const value of values) {
      const next = level.get(value);
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

function remember(known: NamesByValue, values: readonly string[], names: readonly string[]): void {
  let level = known;
  for (const value of values.slice(0, -1)) {
    const next = level.get(value);
    const inner = next instanceof Map ? next : new Map();
    level.set(value, inner);
    level = inner;
  }
  level.set(values.at(-1) ?? '', names);
}

function combinationsOf(
  filters: readonly string[],
  values: readonly string[],
): readonly FilterValues[] {
  let combinations: readonly FilterValues[] = [{}];
  for (const [index, filter] of filters.entries()) {
    const value = values[index] ?? '';
    combinations = [...combinations, ...combinations.map((some) => ({ ...some, [filter]: value }))];
  }
  return combinations;
}
