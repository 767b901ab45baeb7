import { createApiClient } from './api-client.ts';
import { FileError, InterruptedError, ServerError } from './errors.ts';
import { importFile } from './import-file.ts';
import { openMarketApi } from './market-api.ts';
import { createProgress, type Screen } from './progress.ts';
import { differenceLines, faultLines, summaryLine, tableLines } from './report.ts';
import type { ImportSettings } from './settings.ts';
import { createTally, type RowTally } from './tally.ts';

/** Where an import writes, and how it is told to stop. */
export interface ImportTerminal {
  /** The table. */
  readonly out: NodeJS.WritableStream;
  /** Everything else. */
  readonly err: Screen;
  readonly signal: AbortSignal;
}

/** How often and how soon a request is tried again; the client's own figures when absent. */
export interface ImportRetries {
  readonly attemptsMax?: number;
  readonly pauseMs?: number;
}

/**
 * 0: all is recorded; 1: some rows are bad, or other prices are known now; 2: a file or the server
 * cannot be used; 130: stopped.
 */
export type ExitCode = 0 | 1 | 2 | 130;

/**
 * Records the prices of CSV files through the GraphQL API and reports what came of each row. Run
 * again, after whatever end, it goes on where it was: each batch has a key made of its content.
 */
export async function importPrices(
  settings: ImportSettings,
  terminal: ImportTerminal,
  retries: ImportRetries = {},
): Promise<ExitCode> {
  const { out, err, signal } = terminal;
  const tally = createTally();
  const failures: string[] = [];
  let isInterrupted = false;
  try {
    await importAll(settings, { terminal, retries, tally, failures });
  } catch (error) {
    if (error instanceof InterruptedError) isInterrupted = true;
    else if (!(error instanceof ServerError)) throw error;
    else failures.push(`${error.message}${error.isPassing ? cureOf(settings, tally) : ''}`);
  }
  writeLines(
    err,
    tally.notes.map((note) => `daybook: ${note}`),
  );
  writeLines(err, faultLines(tally));
  writeLines(err, differenceLines(tally));
  writeLines(out, tableLines(tally.counts));
  if (tally.counts.length > 0) writeLines(out, [summaryLine(tally.counts)]);
  writeLines(
    err,
    failures.map((failure) => `daybook: ${failure}`),
  );
  if (isInterrupted || signal.aborted) {
    writeLines(err, ['daybook: interrupted; run the same command again: it goes on from here']);
    return 130;
  }
  if (failures.length > 0) return 2;
  const { count, isCut } = tally.differences();
  return tally.faultCount() > 0 || count > 0 || isCut ? 1 : 0;
}

interface Run {
  readonly terminal: ImportTerminal;
  readonly retries: ImportRetries;
  readonly tally: RowTally;
  readonly failures: string[];
}

async function importAll(settings: ImportSettings, run: Run): Promise<void> {
  const { terminal, retries, tally, failures } = run;
  const { url, token, currency } = settings;
  const { signal } = terminal;
  const client = createApiClient({ url, token, signal, ...retries });
  const api = await openMarketApi(client, currency);
  const progress = createProgress(terminal.err);
  for (const file of settings.files) {
    try {
      await importFile(file, { settings, api, tally: tally.file(file), progress, signal });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      failures.push(`${file} ${error.message}`);
    }
  }
}

function cureOf({ url }: ImportSettings, { counts }: RowTally): string {
  if (counts.length > 0)
    return '; once it is back, run the same command again: it goes on from here';
  const isHere = /^https?:\/\/(?:127\.|localhost|\[::1\])/.test(url);
  return isHere
    ? '; start the server with npm start, or name another one with --url'
    : '; is the server running, and --url right?';
}

function writeLines(stream: NodeJS.WritableStream, lines: readonly string[]): void {
  if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
}
