import { createHash } from 'node:crypto';

/** Values that the documents of a part of a list have; none: the whole list. */
export type FilterValues = Readonly<Record<string, string>>;

/**
 * A row of an index holds 2,704 bytes at most, and what users write can be longer: positions are
 * cut, which leaves the order of what begins alike to the keys, and the names of partitions hashed.
 */
const positionLengthMax = 200;
const partitionLengthMax = 200;

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

/** The partitions in which a document with these values stands: one for each combination. */
export function partitionsOf(values: FilterValues): readonly string[] {
  let combinations: readonly FilterValues[] = [{}];
  for (const [filter, value] of Object.entries(values)) {
    combinations = combinations.flatMap((some) => [some, { ...some, [filter]: value }]);
  }
  return combinations.map(toPartition);
}
