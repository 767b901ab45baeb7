import type { CopyConnection } from '../postgres/copy-out.ts';
import type { Chain, LogPlace } from './chain.ts';
import type { LogRow } from './columns.ts';
import { ExportError } from './errors.ts';
import { parseJsonLine } from './lines.ts';
import { createRowLoader } from './load-rows.ts';
import { areSamePlace, type ExportedFile, exportFormat } from './manifest.ts';

interface LoadOptions {
  readonly file: ExportedFile;
  readonly ledger: string;
  /** The check of the rows, at the beginning of the file. */
  readonly chain: Chain;
  /** The place up to which the database has the rows already. */
  readonly loaded: LogPlace;
  readonly signal: AbortSignal;
  readonly onProgress: (sequence: number) => void;
}

/**
 * Loads the rows of a file, in the transaction of the caller, and checks each against its hash.
 * Throws `ExportError`, with the number of the line, if the file is not what was exported.
 */
export async function loadFile(
  connection: CopyConnection,
  lines: AsyncIterable<readonly string[]>,
  { file, ledger, chain, loaded, signal, onProgress }: LoadOptions,
): Promise<void> {
  const loader = createRowLoader(connection);
  let number = 0;
  let isMissing = chain.place().commandsHash === loaded.commandsHash;
  for await (const group of lines) {
    if (signal.aborted) {
      throw new ExportError('INTERRUPTED', 'interrupted; run the same command again to continue');
    }
    for (const line of group) {
      number += 1;
      const where = `${file.name}, line ${number}`;
      if (number === 1) {
        assertHeader(line, file, ledger);
        continue;
      }
      const row = readRow(line, where);
      checkRow(row, chain, where);
      if (isMissing && loader.add(row)) await loader.flush();
      if (!isMissing && row.kind === 'event') throw movedOn(loaded);
      if (row.kind === 'batch') isMissing ||= row.hash === loaded.commandsHash;
    }
    onProgress(chain.sequence());
  }
  await loader.flush();
  if (!areSamePlace(chain.place(), file.end)) {
    throw new ExportError(
      'DAMAGED',
      `${file.name} is damaged: it ends at event ${chain.place().sequence} instead of ` +
        `${file.end.sequence}`,
    );
  }
}

export function readRow(line: string, where: string): LogRow {
  try {
    return parseJsonLine(line);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ExportError('DAMAGED', `${where}: ${reason}`);
  }
}

export function checkRow(row: LogRow, chain: Chain, where: string): void {
  try {
    chain.add(row);
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    throw new ExportError(error.code, `${where}: ${error.message}`);
  }
}

export function assertHeader(line: string, { name, start }: ExportedFile, ledger: string): void {
  let header: { readonly format?: unknown; readonly ledger?: unknown; readonly after?: unknown } =
    {};
  try {
    header = JSON.parse(line) ?? {};
  } catch {
    // The format is missing.
  }
  if (header.format !== exportFormat) {
    throw new ExportError('DAMAGED', `${name} is damaged: its first line does not name its format`);
  }
  if (header.ledger !== ledger) {
    const other = `it has events of the ledger ${String(header.ledger).slice(0, 50)}`;
    throw new ExportError('OTHER_LOG', `${name} is of another log: ${other}`);
  }
  if (header.after !== start.sequence) {
    throw new ExportError(
      'DAMAGED',
      `${name} is damaged: it does not begin after event ${start.sequence}`,
    );
  }
}

function movedOn({ sequence }: LogPlace): ExportError {
  return new ExportError(
    'OTHER_LOG',
    `the database has other commands after event ${sequence} than the export: import into a new ` +
      'database',
  );
}
