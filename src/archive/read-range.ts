import { createChain } from '../exports/chain.ts';
import type { LogRow } from '../exports/columns.ts';
import { ExportError } from '../exports/errors.ts';
import { assertHeader, checkRow, readRow } from '../exports/load-file.ts';
import { readExportedHead } from '../exports/log-head.ts';
import { type ExportedFile, type Manifest, readManifest } from '../exports/manifest.ts';
import { assertContent, assertSizes, readFileLines } from '../exports/read-files.ts';
import type { Executor } from '../postgres/database.ts';

/** Events of a log that files have. */
export interface FiledRange {
  readonly directory: string;
  readonly manifest: Manifest;
  /** The event before the range, and its hash in hexadecimal. */
  readonly after: number;
  readonly hashBefore: string;
  /** The last event of the range, and its hash. */
  readonly last: number;
  readonly hash: string;
  readonly signal: AbortSignal;
}

type EventRow = LogRow & { readonly kind: 'event' };

/** The files that have events of a range. */
export function filesOf({ manifest, after, last }: FiledRange): readonly ExportedFile[] {
  return manifest.files.filter(({ start, end }) => end.sequence > after && start.sequence < last);
}

/**
 * Reads the events of a range from its files, in groups. Throws `ExportError` if a file is not what
 * was exported, or if its events are not those of the database: the hashes at both ends
 * show it.
 */
export async function* readRange(
  range: FiledRange,
): AsyncGenerator<readonly EventRow[], void, undefined> {
  const { directory, manifest, after, last, signal } = range;
  assertCovers(range);
  const files = filesOf(range);
  await assertSizes(directory, files);
  const [first] = files;
  if (first === undefined) return;
  const chain = createChain(first.start);
  if (first.start.sequence === after) assertHash(range, after, first.start.hash);
  for (const file of files) {
    await assertContent(directory, file);
    let number = 0;
    for await (const lines of readFileLines(directory, file.name)) {
      if (signal.aborted) {
        throw new ExportError('INTERRUPTED', 'interrupted; run the same command again');
      }
      const events: EventRow[] = [];
      for (const line of lines) {
        number += 1;
        const where = `${file.name}, line ${number}`;
        if (number === 1) {
          assertHeader(line, file, manifest.ledger);
          continue;
        }
        const row = readRow(line, where);
        checkRow(row, chain, where);
        if (row.kind !== 'event') continue;
        const sequence = chain.sequence();
        if (sequence === after || sequence === last) assertHash(range, sequence, row.hash);
        if (sequence > after && sequence <= last) events.push(row);
      }
      yield events;
    }
  }
  if (chain.sequence() < last) throw damaged(`${directory} ends at event ${chain.sequence()}`);
}

/** The manifest of a directory with archived events of this log. Throws `ExportError`. */
export async function readArchiveManifest(
  executor: Executor,
  directory: string,
): Promise<Manifest> {
  const manifest = await readManifest(directory);
  if (manifest === null) {
    throw new ExportError('NOT_AN_EXPORT', `${directory} has no manifest.json: name another one`);
  }
  const { ledger } = await readExportedHead(executor);
  if (manifest.ledger === ledger) return manifest;
  throw new ExportError(
    'OTHER_LOG',
    `${directory} has events of the ledger ${manifest.ledger}, but this database has the ledger ` +
      `${ledger}: name another directory`,
  );
}

function assertCovers({ directory, manifest, after, last }: FiledRange): void {
  const { start, end } = manifest;
  if (start.sequence <= after && end.sequence >= last) return;
  throw new ExportError(
    'UNUSABLE',
    `${directory} has the events ${start.sequence + 1} to ${end.sequence}, but the events ` +
      `${after + 1} to ${last} are needed: name another directory`,
  );
}

function assertHash(range: FiledRange, sequence: number, hash: string): void {
  if (hash === (sequence === range.after ? range.hashBefore : range.hash)) return;
  throw damaged(`event ${sequence} of ${range.directory} is not the one of the database`);
}

function damaged(what: string): ExportError {
  return new ExportError('DAMAGED', `${what}: nothing was changed`);
}
