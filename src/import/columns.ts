import { FileError } from './errors.ts';
import { toVisible } from './visible.ts';

/** The indexes of the columns that are read. */
export interface Columns {
  readonly count: number;
  /** Null if the file has prices of one instrument and does not name it. */
  readonly symbol: number | null;
  readonly time: number;
  /** The column of the time of day; null if the column of the date has both. */
  readonly clock: number | null;
  readonly price: number;
}

export interface ColumnNames {
  /** If null, it is the first of `priceNames` that the file has. */
  readonly price: string | null;
  /** If null, it is the first of `timeNames` that the file has. */
  readonly time: string | null;
}

/** The default names of the columns; the first one that the file has is used. */
export const priceNames: readonly string[] = ['price', 'close', 'close/last'];
export const timeNames: readonly string[] = ['date', 'time', 'datetime', 'timestamp', 'snapped_at'];

const namesShownMax = 30;

/** Finds columns by name, ignoring case. Throws `FileError`, which lists the file's columns. */
export function findColumns(header: readonly string[], wanted: ColumnNames): Columns {
  const names = header.map((name) => name.trim().toLowerCase());
  const find = (candidates: readonly string[], option: string): number => {
    const name = candidates.find((candidate) => names.includes(candidate));
    if (name !== undefined) return findOnly(names, name);
    const missing = toChoice(candidates);
    throw new FileError(
      `has no column ${missing} (see ${option}); its columns are ${toList(header)}`,
    );
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

/** Another column with a name for times, which is not read; null if there is none. */
export function findOtherTime(header: readonly string[], { time, clock }: Columns): string | null {
  const isTime = (name: string) => timeNames.includes(lower(name));
  const isRead = (index: number) => index === time || index === clock;
  return header.find((name, index) => !isRead(index) && isTime(name)) ?? null;
}

/** Another column with a name for prices, which is not read; null if there is none. */
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
  throw new FileError(`has the column ${toVisible(name)} twice: rename or remove one of them`);
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
