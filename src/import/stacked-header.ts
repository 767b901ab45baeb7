import type { BrokenLine, CsvRecord } from './csv-records.ts';
import { FileError } from './errors.ts';

/** A record; a header may name the symbol of the whole file. */
export interface NamedRecord extends CsvRecord {
  readonly symbol?: string;
}

/**
 * Joins a header of three lines, as pandas writes for yfinance, into one record: "Price" with the
 * column names, "Ticker" with the symbol of each column, and "Date" with empty cells. Yields all
 * other records as they are. Throws `FileError` if the columns have several symbols.
 */
export async function* joinHeader(
  records: AsyncIterable<CsvRecord | BrokenLine>,
): AsyncGenerator<NamedRecord | BrokenLine> {
  const buffered: (CsvRecord | BrokenLine)[] = [];
  let isOpen = true;
  for await (const record of records) {
    if (!isOpen) {
      yield record;
      continue;
    }
    buffered.push(record);
    if (!fits(record, buffered.length)) {
      isOpen = false;
      yield* buffered;
    } else if (buffered.length === levels.length) {
      isOpen = false;
      yield join(buffered as readonly CsvRecord[]);
    }
  }
  if (isOpen) yield* buffered;
}

const levels = [/^price$/i, /^ticker$/i, /^(?:date|datetime)$/i] as const;

function fits(record: CsvRecord | BrokenLine, level: number): boolean {
  if ('fault' in record) return false;
  const [first = '', ...rest] = record.cells;
  const isLast = level === levels.length;
  return (
    (levels[level - 1]?.test(first) ?? false) && (!isLast || rest.every((cell) => cell === ''))
  );
}

function join([names, tickers, time]: readonly CsvRecord[]): NamedRecord {
  if (names === undefined || tickers === undefined) throw new Error('a header has three levels');
  const symbols = new Set(tickers.cells.slice(1));
  const [symbol] = symbols;
  if (symbols.size !== 1 || symbol === undefined) {
    throw new FileError(
      'has the columns of several symbols side by side: write one file for each symbol',
    );
  }
  const cells = [time?.cells[0] ?? '', ...names.cells.slice(1)];
  return { ...names, cells, symbol };
}
