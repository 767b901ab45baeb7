import { createBatcher } from './batches.ts';
import { InterruptedError } from './errors.ts';
import type { MarketApi } from './market-api.ts';
import { type BadRow, isBadRow, type PriceRow } from './price-row.ts';
import type { Progress } from './progress.ts';
import { type FileFormat, findFormat, type Reading, readRows } from './read-rows.ts';
import { createSender, type Repeat, type Sender } from './send-batches.ts';
import type { ImportSettings } from './settings.ts';
import { openSource } from './source.ts';
import type { FileTally } from './tally.ts';
import { toVisible } from './visible.ts';

/** Everything that the import of one file needs. */
interface FileImport {
  readonly settings: Pick<ImportSettings, 'symbol' | 'columns'> &
    Partial<Pick<ImportSettings, 'decimal' | 'dates' | 'repeat'>>;
  readonly api: MarketApi;
  readonly tally: FileTally;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A price history has fewer symbols. Each one takes memory until the end of the file. */
const symbolsMax = 10_000;

/**
 * Reads a file as a stream twice, first to detect its format and then to record its prices. The
 * prices of one symbol are recorded in the order of the file, because the later of two prices for
 * the same time counts. Different symbols are recorded concurrently.
 *
 * Bad rows go to the tally. If it throws `FileError`, nothing has been recorded. If it throws
 * `ServerError` or `InterruptedError`, the tally has what was recorded until then.
 */
export async function importFile(file: string, task: FileImport): Promise<void> {
  const { progress, tally, settings } = task;
  const { decimal = null, dates = null } = settings;
  await using source = await openSource(file);
  let bytesBefore = 0;
  const onBytes = (count: number): void => {
    if (task.signal.aborted) throw new InterruptedError('interrupted');
    progress.update(bytesBefore + count);
  };
  const reading = { file, source, settings: { ...settings, decimal, dates }, onBytes };
  progress.start(tally.name, source.bytes * 2);
  try {
    const format = await findFormat(reading);
    for (const note of notesOn(format, reading)) tally.note(note);
    bytesBefore = source.bytes;
    await recordRows(reading, format, task);
  } finally {
    progress.stop();
  }
}

async function recordRows(reading: Reading, format: FileFormat, task: FileImport): Promise<void> {
  const { api, tally, settings, signal } = task;
  const repeat: Repeat = settings.repeat ?? 'ignore';
  const sender = createSender({ api, tally, currency: format.currency, repeat });
  try {
    await sendRows(limitSymbols(readRows(reading, format)), sender, { tally, signal });
  } finally {
    // Batches that have been sent are finished and counted even after an error.
    await sender.finish();
  }
  await sender.settle();
}

async function sendRows(
  rows: AsyncIterable<PriceRow | BadRow>,
  sender: Sender,
  { tally, signal }: Pick<FileImport, 'tally' | 'signal'>,
): Promise<void> {
  const batcher = createBatcher();
  for await (const row of rows) {
    if (signal.aborted) throw new InterruptedError('interrupted');
    tally.row(row);
    if (isBadRow(row)) continue;
    for (const batch of batcher.add(row)) await sender.send(batch);
  }
  for (const batch of batcher.end()) await sender.send(batch);
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
      yield {
        line,
        symbol: null,
        fault: `the file has more than ${symbolsMax} symbols`,
        text: symbol,
      };
    }
  }
}

/** What was detected in a file, so that the user can check or override it. */
function notesOn(
  { encoding, rules, unread }: FileFormat,
  { settings }: Reading,
): readonly string[] {
  const notes: string[] = [];
  if (encoding === 'windows-1252') notes.push('is not UTF-8 and was read as Windows-1252');
  if (settings.decimal === null && rules.decimal === 'comma') {
    notes.push('was read with a decimal comma');
  }
  if (settings.dates === null && rules.dates !== null) {
    const first = rules.dates === 'month-first' ? 'month' : 'day';
    notes.push(`was read with the ${first} first in dates`);
  }
  if (unread.time !== null) {
    notes.push(`has a second column of times, ${toVisible(unread.time)}, which is not read`);
  }
  if (unread.price !== null) {
    const name = toVisible(unread.price);
    notes.push(`has a second column of prices, ${name}, which is not read (see --price-column)`);
  }
  return notes;
}
