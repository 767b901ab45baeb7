import { fromEpochMs } from '../lib/date-time.ts';
import { type ColumnNames, type Columns, findColumns, hasColumns } from './columns.ts';
import { type BrokenLine, type CsvRecord, readRecords } from './csv-records.ts';
import { FileError } from './errors.ts';
import type { Encoding } from './file-kind.ts';
import { readLines } from './lines.ts';
import { createNotationFinder, type GivenNotation, type NotationFinder } from './notation.ts';
import { parseRow, type RowRules } from './parse-row.ts';
import type { BadRow, PriceRow } from './price-row.ts';
import { NotEncodedError, type Source } from './source.ts';
import { faultOfSymbol, symbolOfFile } from './symbol-text.ts';

/** What was given on how the rows of files are to be read. */
export interface RowSettings extends GivenNotation {
  readonly symbol: string | null;
  readonly columns: ColumnNames;
}

/** A file to be read; `onBytes` gets the number of bytes read so far. */
export interface Reading {
  readonly file: string;
  readonly source: Source;
  readonly settings: RowSettings;
  readonly onBytes: (count: number) => void;
}

/** What the first reading of a file finds, for the second one. */
export interface FileFormat {
  readonly encoding: Encoding;
  readonly rules: RowRules;
  /** The sign or code that stands beside its prices; null: none does. */
  readonly currency: string | null;
}

/** Reads a whole file to find how it is written; throws `FileError` when that is not certain. */
export async function findFormat(reading: Reading): Promise<FileFormat> {
  const { encoding } = reading.source;
  try {
    return await findFormatIn(reading, encoding);
  } catch (error) {
    if (!(error instanceof NotEncodedError)) throw error;
    if (encoding !== 'utf-8') throw new FileError(error.message, { cause: error });
    // Digits and separators are the same in all codes of one byte for Latin letters.
    return findFormatIn(reading, 'windows-1252');
  }
}

/** The rows of a file whose format is known. Throws `FileError`. */
export async function* readRows(
  reading: Reading,
  { encoding, rules }: FileFormat,
): AsyncGenerator<PriceRow | BadRow> {
  let isHeader = true;
  for await (const record of recordsOf(reading, encoding)) {
    if (isHeader) isHeader = false;
    else yield 'fault' in record ? { ...record, symbol: null } : parseRow(record, rules);
  }
}

async function findFormatIn(reading: Reading, encoding: Encoding): Promise<FileFormat> {
  let found: { readonly columns: Columns; readonly notation: NotationFinder } | null = null;
  let headerLine = 0;
  let rows = 0;
  for await (const record of recordsOf(reading, encoding)) {
    if (found === null) {
      const columns = toColumns(record, reading);
      headerLine = record.line;
      found = { columns, notation: createNotationFinder(columns, reading.settings) };
    } else {
      rows += 1;
      if (!('fault' in record)) found.notation.add(record);
    }
  }
  if (found === null) throw new FileError('is empty: its first line has to name the columns');
  if (rows === 0) throw new FileError(`has only a header, on line ${headerLine}, and no rows`);
  const { columns } = found;
  const { decimal, dates, currency } = found.notation.find();
  const symbol = columns.symbol === null ? symbolOf(reading) : '';
  const future = fromEpochMs(Date.now() + 1);
  return { encoding, rules: { columns, symbol, future, decimal, dates }, currency };
}

function recordsOf({ source, settings, onBytes }: Reading, encoding: Encoding) {
  const lines = readLines(source.read(encoding, onBytes));
  return readRecords(lines, (cells) => hasColumns(cells, settings.columns));
}

function toColumns(header: CsvRecord | BrokenLine, reading: Reading): Columns {
  if ('fault' in header) {
    throw new FileError(`has no columns: ${header.fault} on line ${header.line}`);
  }
  const columns = findColumns(header.cells, reading.settings.columns);
  if (columns.symbol === null) assertSymbol(reading);
  return columns;
}

function symbolOf({ file, source, settings }: Reading): string {
  return settings.symbol ?? (source.isNamed ? symbolOfFile(file) : '');
}

function assertSymbol(reading: Reading): void {
  if (!reading.source.isNamed && reading.settings.symbol === null) {
    throw new FileError('has no column "symbol" and is a pipe without a name: give --symbol');
  }
  const fault = faultOfSymbol(symbolOf(reading));
  if (fault === null) return;
  throw new FileError(`has no column "symbol", and its name is no symbol: ${fault}; give --symbol`);
}
