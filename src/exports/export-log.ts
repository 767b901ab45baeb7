import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import type { CopyConnection } from '../postgres/copy-out.ts';
import { createChain, type LogPlace } from './chain.ts';
import { ExportError, toFileError } from './errors.ts';
import { assertPlace, type ExportedHead, findPlace, readExportedHead } from './log-head.ts';
import { exportFormat, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { type LogSnapshot, withSnapshot } from './read-log.ts';
import { createRowReader } from './row-reader.ts';
import { type SegmentLimits, segmentLimits, writeSegment } from './segment.ts';
import { stateLines } from './state.ts';
import { withWorkLock } from './work-lock.ts';
import { draftPrefix, writeCompressed } from './write-durably.ts';

export interface ExportOptions {
  readonly url: string;
  readonly directory: string;
  /** The event after which an export begins. Null: where the directory's export ends, or 0. */
  readonly after: number | null;
  /** Where a new export begins if `after` is null; 0 if absent. */
  readonly begin?: number;
  /** Where the export ends. If absent: at the end of the log. */
  readonly until?: LogPlace;
  /** The version of this program. */
  readonly program: string;
  readonly signal: AbortSignal;
  /** Called now and then with the last event that was written, and the last one of the log. */
  readonly onProgress: (sequence: number, of: number) => void;
  /** `segmentLimits` if absent. */
  readonly limits?: SegmentLimits;
}

/** What an export has added to its directory. */
interface ExportSummary {
  readonly files: number;
  readonly events: number;
  readonly manifest: Manifest;
}

/**
 * Exports the log of one moment, while servers run; adds to what the directory has. Each file is
 * complete once the manifest names it, so an interrupted export continues after its last file.
 * Throws `ExportError`.
 */
export async function exportLog(options: ExportOptions): Promise<ExportSummary> {
  const { url } = options;
  const directory = await prepareFolder(options.directory);
  const busy = `another export writes to ${directory}: wait for it, or name another directory`;
  return withWorkLock(url, `export ${directory}`, busy, () =>
    withSnapshot(url, async (snapshot) => {
      const head = await readExportedHead(snapshot.connection);
      const known = await readManifest(directory);
      const begun = known ?? (await begin(snapshot.connection, head, options));
      assertSame(begun, head, directory);
      assertAfter(begun, options.after, directory);
      assertReaches(begun, head, directory);
      await assertPlace(snapshot.connection, begun.end);
      if (known === null) await assertNoFiles(directory);
      await writeManifest(directory, begun);
      await removeLeftovers(directory, begun);
      const written = await writeFiles(snapshot, begun, { ...options, directory, head });
      const isPart = options.until !== undefined;
      const manifest = isPart
        ? written
        : await writeState(snapshot, written, { ...options, directory, head });
      await removeLeftovers(directory, manifest);
      const files = manifest.files.length - begun.files.length;
      return { files, events: manifest.events - begun.events, manifest };
    }),
  );
}

interface Work extends ExportOptions {
  readonly head: ExportedHead;
}

async function prepareFolder(directory: string): Promise<string> {
  try {
    await mkdir(directory, { recursive: true });
    return await realpath(directory);
  } catch (error) {
    throw toFileError(error, directory);
  }
}

async function begin(
  executor: CopyConnection,
  head: ExportedHead,
  { after, begin: first, program }: ExportOptions,
): Promise<Manifest> {
  const { ledger, epoch, chainedAfter, chainedAt } = head;
  const start = after ?? first ?? null;
  if (start === null && head.archivedThrough > 0) {
    throw new ExportError(
      'ARCHIVED',
      `the events up to ${head.archivedThrough} are archived: name the directory that has them, ` +
        `which then gets the whole log, or use --after ${head.archivedThrough}`,
    );
  }
  const place = await findPlace(executor, head, start ?? 0);
  const now = new Date().toISOString();
  return {
    format: exportFormat,
    program,
    ledger,
    epoch,
    createdAt: now,
    updatedAt: now,
    chainedAfter,
    chainedAt,
    start: place,
    end: place,
    events: 0,
    files: [],
    state: null,
  };
}

function assertSame({ ledger, end }: Manifest, head: ExportedHead, directory: string): void {
  if (ledger === head.ledger) return;
  const what = end.sequence === 0 ? 'a log' : `${end.sequence} events`;
  throw new ExportError(
    'OTHER_LOG',
    `${directory} has an export of ${what} of the ledger ${ledger}, but this database has the ` +
      `ledger ${head.ledger}: name another directory`,
  );
}

function assertAfter({ start, end }: Manifest, after: number | null, directory: string): void {
  if (after === null || after === start.sequence || after === end.sequence) return;
  throw new ExportError(
    'UNUSABLE',
    `${directory} has the events ${start.sequence + 1} to ${end.sequence}, and --after ${after} ` +
      'would leave out or repeat some: leave --after away, or name another directory',
  );
}

/** An export cannot go on with events that are not in the database. */
function assertReaches({ end }: Manifest, head: ExportedHead, directory: string): void {
  const { archivedThrough } = head;
  if (end.sequence >= archivedThrough) return;
  throw new ExportError(
    'ARCHIVED',
    `${directory} has the events up to ${end.sequence}, but those up to ${archivedThrough} are ` +
      'archived: name the directory that has them, or a new one',
  );
}

/** Writes the files that are missing; the manifest names each as soon as it is complete. */
async function writeFiles(
  { rows }: LogSnapshot,
  begun: Manifest,
  { directory, head, until, limits = segmentLimits, program, signal, onProgress }: Work,
): Promise<Manifest> {
  let manifest = begun;
  if (until !== undefined && until.sequence <= begun.end.sequence) return begun;
  const groups = rows(begun.end, until);
  const reader = createRowReader(groups);
  const chain = createChain(begun.end);
  const parts = { directory, ledger: head.ledger, reader, chain, limits, signal };
  try {
    while (!(await reader.isOver())) {
      const file = await writeSegment(nameAfter(manifest), {
        ...parts,
        onProgress: (sequence) => onProgress(sequence, head.sequence),
      });
      manifest = {
        ...manifest,
        program,
        updatedAt: new Date().toISOString(),
        end: file.end,
        events: manifest.events + file.events,
        files: [...manifest.files, file],
      };
      await writeManifest(directory, manifest);
    }
    return manifest;
  } catch (error) {
    throw toLogError(error, signal);
  } finally {
    await groups.return();
  }
}

/** The name has the first sequence of the file; one without events precedes one of that name. */
function nameAfter({ end, files }: Manifest): string {
  const first = String(end.sequence + 1).padStart(12, '0');
  const before = files.filter(({ name }) => name.startsWith(`events-${first}.`)).length;
  return `events-${first}${before === 0 ? '' : `.${before + 1}`}.jsonl.gz`;
}

/** Writes what is carried with the log, and the manifest that names it. */
async function writeState(
  { connection }: LogSnapshot,
  written: Manifest,
  { directory, head, program, signal }: Work,
): Promise<Manifest> {
  const { epoch, clock, sequence } = head;
  const stamp = new Date().toISOString();
  const digits = `${String(sequence).padStart(12, '0')}.${stamp.replaceAll(/\D/g, '')}`;
  const name = `state-${digits}.jsonl.gz`;
  const file = await writeCompressed(directory, name, stateLines(connection), signal);
  const state = { sequence, clock, name, ...file };
  const manifest = { ...written, program, epoch, updatedAt: stamp, state };
  await writeManifest(directory, manifest);
  return manifest;
}

const ownName = /^(?:events|state)-[\d.]+\.jsonl\.gz$/;

/** The files of an export that has lost its manifest must not be taken for leftovers. */
async function assertNoFiles(directory: string): Promise<void> {
  const name = (await readdir(directory)).find((each) => ownName.test(each));
  if (name === undefined) return;
  throw new ExportError(
    'NOT_AN_EXPORT',
    `${directory} has ${name}, but no manifest.json: name another directory`,
  );
}

/** Removes what an interrupted export has left, and a state that was replaced. */
async function removeLeftovers(directory: string, { files, state }: Manifest): Promise<void> {
  const known = new Set([...files.map(({ name }) => name), state?.name]);
  for (const name of await readdir(directory)) {
    if (!name.startsWith(draftPrefix) && (known.has(name) || !ownName.test(name))) continue;
    await rm(path.join(directory, name), { force: true });
  }
}

function toLogError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) {
    return new ExportError('INTERRUPTED', 'interrupted; run the same command again to continue');
  }
  if (!(error instanceof ExportError) || error.code !== 'DAMAGED') return error;
  return new ExportError(
    'DAMAGED',
    `the log of the database is damaged: ${error.message}; daybook verify says more`,
  );
}
