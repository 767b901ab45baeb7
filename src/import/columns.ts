import { FileError } from './errors.ts';
import { toVisible } from './visible.ts';

/** Where in a row things stand. */
export interface Columns {
  readonly count: number;
  /** Null: the file is about one instrument and does not name it. */
  readonly symbol: number | null;
  readonly time: number;
  /** The time of day, where it has a column beside that of the date; null: it has not. */
  readonly clock: number | null;
  readonly price: number;
}

export interface ColumnNames {
  /** Null: the first of `priceNames` that there is. */
  readonly price: string | null;
  /** Null: the first of `timeNames` that there is. */
  readonly time: string | null;
}

/** What the columns are called unless other names are given; the first that there is counts. */
export const priceNames: readonly string[] = ['price', 'close', 'close/last'];
export const timeNames: readonly string[] = ['date', 'time', 'datetime', 'timestamp', 'snapped_at'];

const namesShownMax = 30;

/** Finds the columns by their names, in any case; throws `FileError` that names those there are. */
export function findColumns(header: readonly string[], wanted: ColumnNames): Columns {
  const names = header.map((name) => name.trim().toLowerCase());
  const find = (candidates: readonly string[], option: string): number => {
    const name = candidates.find((candidate) => names.includes(candidate));
    if (name !== undefined) return findOnly(names, name);
    const missing = toChoice(candidates);
    throw new FileError(`has no column ${missing} (see ${option}), but ${toList(header)}`);
  };
  const time = find(wanted.time === null ? timeNames : [lower(wanted.time)], '--time-column');
  const hasClock = wanted.time === null && names[time] === 'date' && names.includes('time');
  return {
    count: names.length,
    symbol: names.includes('symbol') ? findOnly(names, 'symbol') : null,
    time,
    clock: hasClock ? findOnly(names, 'time') : null,
    price: find(wanted.price === null ? priceNames : [lower(wanted.price)], '--price-column'),
  };
}

/** A column whose name is that of times, beside the one that is read; null: there is none. */
export function findOtherTime(header: readonly string[], { time, clock }: Columns): string | null {
  const isTime = (name: string) => timeNames.includes(lower(name));
  const isRead = (index: number) => index === time || index === clock;
  return header.find((name, index) => !isRead(index) && isTime(name)) ?? null;
}

/** A column whose name is that of prices, beside the one that is read; null: there is none. */
export function findOtherPrice(header: readonly string[], { price }: Columns): string | null {
  const isPrice = (name: string) => priceNames.includes(lower(name));
  return header.find((name, index) => index !== price && isPrice(name)) ?? null;
}

/** Whether the columns can be found. */
export function hasColumns(header: readonly string[], wanted: ColumnNames): boolean {
  try {
    findColumns(header, wanted);
    return true;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}

function findOnly(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (names.lastIndexOf(name) === index) return index;
  throw new FileError(`has the column ${toVisible(name)} twice: which one is meant?`);
}

function toChoice(names: readonly string[]): string {
  const last = names.slice(-1).map(toVisible);
  const others = names.slice(0, -1).map(toVisible).join(', ');
  return [...(others === '' ? [] : [others]), ...last].join(' or ');
}

function lower(name: string): string {
  return name.trim().toLowerCase();
}

function toList(header: readonly string[]): string {
  const shown = header.slice(0, namesShownMax).map(toVisible).join(', ');
  return header.length > namesShownMax ? `${shown}, …` : shown;
}
