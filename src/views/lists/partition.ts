import { createHash } from 'node:crypto';

/** Values that the documents of a part of a list have; none: the whole list. */
export type FilterValues = Readonly<Record<string, string>>;

/**
 * A row of an index holds 2,704 bytes at most, and what users write can be longer: positions are
 * cut, which leaves the order of what begins alike to the keys, and the names of partitions hashed.
 */
const positionLengthMax = 200;
const partitionLengthMax = 200;
const namesKnownMax = 10_000;

export function toPosition(wanted: string): string {
  return wanted.slice(0, positionLengthMax).toWellFormed();
}

/** The name of the partition of the documents with some values, whatever order these come in. */
export function toPartition(values: FilterValues): string {
  const names = Object.keys(values).sort();
  if (names.length === 0) return '';
  const name = JSON.stringify(names.flatMap((filter) => [filter, values[filter]]));
  if (name.length <= partitionLengthMax) return name;
  return createHash('sha256').update(name).digest('base64');
}

/** The partitions of documents with some values of the filters, in the order of these. */
export type PartitionNames = (values: readonly string[]) => readonly string[];

/**
 * The partitions in which a document stands, one for each combination of the filters: that at `index`
 * is of the filters whose bits are set in it. Remembers the names, which cost more than all else.
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
