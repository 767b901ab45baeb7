import { FileError } from './errors.ts';
import { toVisible } from './visible.ts';

/** Where in a row things stand. */
export interface Columns {
  readonly count: number;
  /** Null: the file is about one instrument and does not name it. */
  readonly symbol: number | null;
  readonly time: number;
  readonly price: number;
}

export interface ColumnNames {
  /** Null: `price`, else `close`. */
  readonly price: string | null;
  /** Null: `date`, else `time`. */
  readonly time: string | null;
}

const namesShownMax = 30;

/** Finds the columns by their names, in any case; throws `FileError` that names those there are. */
export function findColumns(header: readonly string[], wanted: ColumnNames): Columns {
  const names = header.map((name) => name.trim().toLowerCase());
  const find = (candidates: readonly string[], option: string): number => {
    const name = candidates.find((candidate) => names.includes(candidate));
    if (name !== undefined) return findOnly(names, name);
    const missing = candidates.map(toVisible).join(' or ');
    throw new FileError(`has no column ${missing} (see ${option}), but ${toList(header)}`);
  };
  return {
    count: names.length,
    symbol: names.includes('symbol') ? findOnly(names, 'symbol') : null,
    time: find(wanted.time === null ? ['date', 'time'] : [lower(wanted.time)], '--time-column'),
    price: find(
      wanted.price === null ? ['price', 'close'] : [lower(wanted.price)],
      '--price-column',
    ),
  };
}

function findOnly(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (names.lastIndexOf(name) === index) return index;
  throw new FileError(`has the column ${toVisible(name)} twice: which one is meant?`);
}

function lower(name: string): string {
  return name.trim().toLowerCase();
}

function toList(header: readonly string[]): string {
  const shown = header.slice(0, namesShownMax).map(toVisible).join(', ');
  return header.length > namesShownMax ? `${shown}, …` : shown;
}
