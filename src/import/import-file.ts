import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fromEpochMs } from '../lib/date-time.ts';
import { type Batch, createBatcher } from './batches.ts';
import { findColumns } from './columns.ts';
import { type BrokenLine, type CsvRecord, readRecords } from './csv-records.ts';
import { FileError, InterruptedError, RefusedError } from './errors.ts';
import { createLanes } from './lanes.ts';
import { readLines } from './lines.ts';
import type { MarketApi } from './market-api.ts';
import { parseRow, type RowRules } from './parse-row.ts';
import { type BadRow, isBadRow, type PriceRow } from './price-row.ts';
import type { Progress } from './progress.ts';
import type { ImportSettings } from './settings.ts';
import { toSymbol } from './symbol-text.ts';
import type { FileTally } from './tally.ts';

/** What the import of one file needs. */
export interface FileImport {
  readonly settings: Pick<ImportSettings, 'symbol' | 'columns'>;
  readonly api: MarketApi;
  readonly tally: FileTally;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const requestsMax = 4;
/** Batches read ahead of the server, those being sent among them. */
const batchesTakenMax = 16;
/** More than this is no price history; each costs memory until the end. */
const symbolsMax = 10_000;

/**
 * Reads a file in a stream and records what is in it: the prices of one symbol in the order of the
 * file, as of two prices of the same time the later one counts; symbols beside each other.
 *
 * Bad rows go to the tally. Throws `FileError`, `ServerError` or `InterruptedError`; what was
 * recorded by then is in the tally.
 */
export async function importFile(file: string, task: FileImport): Promise<void> {
  const { api, tally, signal } = task;
  const lanes = createLanes({ runningMax: requestsMax, takenMax: batchesTakenMax });
  const batcher = createBatcher();
  const listings = new Map<string, Promise<void>>();
  const send = async (batch: Batch): Promise<void> => {
    try {
      const listing = listings.get(batch.symbol) ?? api.list(batch.symbol);
      listings.set(batch.symbol, listing);
      await listing;
      tally.done(batch, await api.record(batch));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      tally.refused(batch, `the server refuses: ${error.code}, ${error.message}`);
    }
  };
  const sendAll = async (batches: readonly Batch[]): Promise<void> => {
    for (const batch of batches) await lanes.add(batch.symbol, () => send(batch));
  };
  try {
    for await (const row of limitSymbols(readRows(file, task))) {
      if (signal.aborted) throw new InterruptedError('interrupted');
      tally.row(row);
      if (!isBadRow(row)) await sendAll(batcher.add(row));
    }
    await sendAll(batcher.end());
  } finally {
    // What is under way is finished and counted, whatever came up meanwhile.
    await lanes.finish();
  }
}

async function* limitSymbols(
  rows: AsyncIterable<PriceRow | BadRow>,
): AsyncGenerator<PriceRow | BadRow> {
  const symbols = new Set<string>();
  for await (const row of rows) {
    const { line, symbol } = row;
    if (symbol === null || symbols.has(symbol)) {
      yield row;
    } else if (symbols.size < symbolsMax) {
      symbols.add(symbol);
      yield row;
    } else {
      yield { line, symbol: null, fault: `over ${symbolsMax} symbols`, text: symbol };
    }
  }
}

async function* readRows(file: string, task: FileImport): AsyncGenerator<PriceRow | BadRow> {
  let rules: RowRules | null = null;
  for await (const record of readRecords(readLines(readPieces(file, task)))) {
    if (rules === null) rules = toRules(file, record, task.settings);
    else if ('fault' in record) yield { ...record, symbol: null };
    else yield parseRow(record, rules);
  }
  if (rules === null) throw new FileError('is empty: its first line has to name the columns');
}

function toRules(
  file: string,
  header: CsvRecord | BrokenLine,
  { symbol, columns: names }: FileImport['settings'],
): RowRules {
  if ('fault' in header) throw new FileError(`has no columns: ${header.fault} on line 1`);
  const columns = findColumns(header.cells, names);
  const common = symbol ?? toSymbol(file);
  if (columns.symbol === null && common === null) {
    throw new FileError('has no column "symbol", nor is its name one: give --symbol');
  }
  return { columns, symbol: common ?? '', future: fromEpochMs(Date.now() + 1) };
}

async function* readPieces(file: string, { progress, tally }: FileImport): AsyncGenerator<string> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) throw new FileError('is a folder: name the files in it');
    const stream = createReadStream(file, { encoding: 'utf8' });
    progress.start(tally.name, stats.size);
    for await (const piece of stream) {
      yield piece as string;
      progress.update(stream.bytesRead);
    }
  } catch (error) {
    const { code } = error as { readonly code?: string };
    throw error instanceof FileError || code === undefined ? error : new FileError(toReason(code));
  } finally {
    progress.stop();
  }
}

function toReason(code: string): string {
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  return `cannot be read: ${code}`;
}
