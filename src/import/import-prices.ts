import { createApiClient } from './api-client.ts';
import { FileError, InterruptedError, ServerError } from './errors.ts';
import { importFile } from './import-file.ts';
import { openMarketApi } from './market-api.ts';
import { createProgress, type Screen } from './progress.ts';
import { differenceLines, faultLines, summaryLine, tableLines } from './report.ts';
import type { ImportSettings } from './settings.ts';
import { createTally, type RowTally } from './tally.ts';

/** Where an import writes, and the signal that stops it. */
interface ImportTerminal {
  /** For the table of results. */
  readonly out: NodeJS.WritableStream;
  /** For everything else. */
  readonly err: Screen;
  readonly signal: AbortSignal;
}

/** How often and how soon a request is retried; by default as the API client does it. */
interface ImportRetries {
  readonly attemptsMax?: number;
  readonly pauseMs?: number;
}

/**
 * 0: all rows are recorded; 1: some rows are bad or differ from the prices known now; 2: a file or
 * the server cannot be used; 130: interrupted.
 */
export type ExitCode = 0 | 1 | 2 | 130;

/**
 * Records the prices of CSV files through the GraphQL API and reports the result for each row. A
 * repeated run continues where the last one ended, because the key of a batch follows from its
 * content.
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
    writeLines(err, ['daybook: interrupted; run the same command again to continue']);
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
  if (counts.length > 0) return '; when it is back, run the same command again to continue';
  const isHere = /^https?:\/\/(?:127\.|localhost|\[::1\])/.test(url);
  return isHere
    ? '; start the server with npm start, or set --url'
    : '; check that the server is running and that --url is correct';
}

function writeLines(stream: NodeJS.WritableStream, lines: readonly string[]): void {
  if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
}
