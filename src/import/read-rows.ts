import { fromEpochMs } from '../lib/date-time.ts';
import {
  type ColumnNames,
  type Columns,
  findColumns,
  findOtherPrice,
  findOtherTime,
  hasColumns,
} from './columns.ts';
import { type BrokenLine, readRecords } from './csv-records.ts';
import { FileError } from './errors.ts';
import type { Encoding } from './file-kind.ts';
import { readLines } from './lines.ts';
import { createNotationFinder, type GivenNotation, type NotationFinder } from './notation.ts';
import { parseRow, type RowRules } from './parse-row.ts';
import type { BadRow, PriceRow } from './price-row.ts';
import { NotEncodedError, type Source } from './source.ts';
import { joinHeader, type NamedRecord } from './stacked-header.ts';
import { faultOfSymbol, symbolOfFile } from './symbol-text.ts';
import { toVisible } from './visible.ts';

/** The user's settings for reading the rows of files. */
interface RowSettings extends GivenNotation {
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

/** The format that the first reading of a file finds for the second one. */
export interface FileFormat {
  readonly encoding: Encoding;
  readonly rules: RowRules;
  /** The currency sign or code beside the prices; null if there is none. */
  readonly currency: string | null;
  /** Other columns of times and prices that the user may have meant. */
  readonly unread: Unread;
}

/** Null if there is no such column. */
interface Unread {
  readonly time: string | null;
  readonly price: string | null;
}

/** Reads a whole file to detect its format; throws `FileError` if the format is unclear. */
export async function findFormat(reading: Reading): Promise<FileFormat> {
  const { encoding } = reading.source;
  try {
    return await findFormatIn(reading, encoding);
  } catch (error) {
    if (!(error instanceof NotEncodedError)) throw error;
    if (encoding !== 'utf-8') throw new FileError(error.message, { cause: error });
    // All single-byte encodings of Latin letters have the same digits and delimiters.
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
  let found: { readonly header: Header; readonly notation: NotationFinder } | null = null;
  let rows = 0;
  for await (const record of recordsOf(reading, encoding)) {
    if (found === null) {
      const header = toHeader(record, reading);
      found = { header, notation: createNotationFinder(header.columns, reading.settings) };
    } else {
      rows += 1;
      if (!('fault' in record)) found.notation.add(record);
    }
  }
  if (found === null) throw new FileError('is empty: its first line must name the columns');
  const { line, columns, symbol, unread } = found.header;
  if (rows === 0) throw new FileError(`has only a header (line ${line}) and no rows`);
  const { decimal, dates, currency } = found.notation.find();
  const future = fromEpochMs(Date.now() + 1);
  return { encoding, rules: { columns, symbol, future, decimal, dates }, currency, unread };
}

function recordsOf({ source, settings, onBytes }: Reading, encoding: Encoding) {
  const lines = readLines(source.read(encoding, onBytes));
  return joinHeader(readRecords(lines, (cells) => hasColumns(cells, settings.columns)));
}

interface Header {
  readonly line: number;
  readonly columns: Columns;
  /** The symbol of all rows if the file has no column for it. */
  readonly symbol: string;
  readonly unread: Unread;
}

function toHeader(record: NamedRecord | BrokenLine, reading: Reading): Header {
  const { line } = record;
  if ('fault' in record) throw new FileError(`has no header: ${record.fault} on line ${line}`);
  const { columns: names, symbol: given } = reading.settings;
  const columns = findColumns(record.cells, names);
  const unread = {
    time: names.time === null ? findOtherTime(record.cells, columns) : null,
    price: names.price === null ? findOtherPrice(record.cells, columns) : null,
  };
  if (columns.symbol !== null) return { line, columns, symbol: '', unread };
  const own = record.symbol === undefined ? null : assertTicker(record.symbol, given);
  return { line, columns, symbol: given ?? own ?? symbolByName(reading), unread };
}

function assertTicker(ticker: string, given: string | null): string {
  const fault = faultOfSymbol(ticker);
  if (fault === null || given !== null) return ticker;
  throw new FileError(
    `has the ticker ${toVisible(ticker)}, which is not a symbol: ${fault}; set --symbol`,
  );
}

function symbolByName({ file, source }: Reading): string {
  if (!source.isNamed) {
    throw new FileError('has no column "symbol" and is a pipe without a name: set --symbol');
  }
  const symbol = symbolOfFile(file);
  const fault = faultOfSymbol(symbol);
  if (fault === null) return symbol;
  throw new FileError(
    `has no column "symbol", and its name is not a symbol: ${fault}; set --symbol`,
  );
}
