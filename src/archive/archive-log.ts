import type { AnyDecider } from '../commands/streams/cache.ts';
import type { LogPlace } from '../exports/chain.ts';
import { ExportError } from '../exports/errors.ts';
import { exportLog } from '../exports/export-log.ts';
import { findPlace, readExportedHead } from '../exports/log-head.ts';
import type { SegmentLimits } from '../exports/segment.ts';
import { withWorkLock } from '../exports/work-lock.ts';
import type { Moment } from '../kernel/moment.ts';
import type { Log } from '../log/log.ts';
import { withCopyConnection } from '../postgres/copy-out.ts';
import type { Executor } from '../postgres/database.ts';
import { findCut } from './cut.ts';
import { freezeClosedParts } from './freeze.ts';
import { moveEvents } from './move-events.ts';
import { dropDrafts } from './parts.ts';
import { type FiledRange, filesOf, readRange } from './read-range.ts';
import { writeArchivedSnapshots } from './snapshots.ts';
import { writeSummaries } from './summaries.ts';

/** What is being done, and how far it has come. */
export interface ArchiveProgress {
  readonly step: 'exporting' | 'checking' | 'copying what stays' | 'fetching back';
  readonly sequence: number;
  readonly of: number;
}

interface ArchiveOptions {
  readonly url: string;
  readonly log: Log;
  /** The deciders of all streams. */
  readonly deciders: readonly AnyDecider[];
  readonly directory: string;
  readonly before: Moment;
  /** The version of this program. */
  readonly program: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ArchiveProgress) => void;
  readonly limits?: SegmentLimits;
}

/** What an archive has done. */
interface ArchiveSummary {
  /** The first and the last event that were moved; null if there were none. */
  readonly moved: { readonly first: number; readonly last: number } | null;
  /** Why it stopped before the moment; null if it did not. */
  readonly reason: string | null;
  /** For how many milliseconds appends had to wait. */
  readonly lockedMs: number;
  /** How many streams have no snapshot of this version of the program, and cannot be loaded. */
  readonly unfoldable: number;
  /** How many closed parts of the table were frozen. */
  readonly frozen: number;
}

const busy = 'another archive or restore of this log is running: wait for it';

/** Runs work that changes which events are here: one at a time. Throws `ExportError`. */
export function withArchiveLock<T>(url: string, work: () => Promise<T>): Promise<T> {
  return withWorkLock(url, 'archive', busy, work);
}

/**
 * Moves the events up to a moment from the database to files, while servers run. Nothing is removed
 * before the files have been read again and compared with the log. After an interruption, the same
 * call continues. Throws `ExportError`.
 */
export function archiveLog(options: ArchiveOptions): Promise<ArchiveSummary> {
  const { url, before } = options;
  return withArchiveLock(url, () =>
    withCopyConnection(url, async (executor) => {
      await dropDrafts(executor);
      const { after, until, reason } = await findCut(executor, before);
      if (until === null) {
        const frozen = await freezeClosedParts(executor);
        return { moved: null, reason, lockedMs: 0, unfoldable: 0, frozen };
      }
      const { lockedMs, unfoldable } = await archiveRange(options, executor, { after, until });
      const frozen = await freezeClosedParts(executor);
      const moved = { first: after + 1, last: until.sequence };
      return { moved, reason, lockedMs, unfoldable, frozen };
    }),
  );
}

interface LogRange {
  readonly after: number;
  readonly until: LogPlace;
}

async function archiveRange(
  options: ArchiveOptions,
  executor: Executor,
  { after, until }: LogRange,
): Promise<{ readonly lockedMs: number; readonly unfoldable: number }> {
  const { log, deciders, signal, onProgress } = options;
  const last = until.sequence;
  const filed = await writeFiles(options, executor, { after, until });
  const range = { after, last };
  await writeSummaries(executor, range);
  const onPage = () => assertGoesOn(signal);
  const parts = { executor, log, deciders, range, onPage };
  const unfoldable = await writeArchivedSnapshots(parts);
  const files = filesOf(filed).map(({ name, sha256 }) => ({ name, sha256 }));
  const lockedMs = await moveEvents({
    executor,
    after,
    until,
    hashBefore: filed.hashBefore,
    files,
    signal,
    onCopied: (sequence, of) => onProgress({ step: 'copying what stays', sequence, of }),
  });
  return { lockedMs, unfoldable };
}

/** Exports a range, and checks the files by reading them again. */
async function writeFiles(
  { url, directory, program, signal, onProgress, limits }: ArchiveOptions,
  executor: Executor,
  { after, until }: LogRange,
): Promise<FiledRange> {
  const last = until.sequence;
  const head = await readExportedHead(executor);
  const { hash: hashBefore } = await findPlace(executor, head, after);
  const { manifest } = await exportLog({
    url,
    directory,
    after: null,
    begin: after,
    until,
    program,
    signal,
    onProgress: (sequence) => onProgress({ step: 'exporting', sequence, of: last }),
    ...(limits && { limits }),
  });
  const filed = { directory, manifest, after, hashBefore, last, hash: until.hash, signal };
  let read = after;
  for await (const events of readRange(filed)) {
    read += events.length;
    onProgress({ step: 'checking', sequence: read, of: last });
  }
  return filed;
}

function assertGoesOn(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new ExportError('INTERRUPTED', 'interrupted; run the same command again to continue');
}
