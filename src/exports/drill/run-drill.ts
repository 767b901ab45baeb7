import path from 'node:path';
import type { Logger } from '../../lib/logger.ts';
import { withCopyConnection } from '../../postgres/copy-out.ts';
import { toOneLine } from '../../postgres/errors.ts';
import { migrate } from '../../postgres/migrate.ts';
import type { LogPlace } from '../chain.ts';
import { checkLog } from '../check-log.ts';
import { ExportError } from '../errors.ts';
import { exportLog } from '../export-log.ts';
import { importLog } from '../import-log.ts';
import { assertPlace, readExportedHead } from '../log-head.ts';
import { readManifest } from '../manifest.ts';
import { compareView } from './compare.ts';
import { type DrillViews, rebuildAll } from './rebuild.ts';
import { restoreDump } from './restore-dump.ts';
import { type Scratch, withScratch } from './scratch.ts';

interface DrillOptions extends DrillViews {
  /** The database whose backup is tried. */
  readonly url: string;
  /** The directory of an export. Null: the drill makes one. */
  readonly from: string | null;
  /** A file of pg_dump to restore instead. */
  readonly dump: string | null;
  /** The directory of the archived events; null if there is none. */
  readonly archive: string | null;
  /** Fetches archived events of a restored database back from it. */
  readonly fetchBack: (url: string, directory: string) => Promise<unknown>;
  readonly program: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Called when a step begins. */
  readonly onStep: (name: string) => void;
}

/** One step of a drill, and how long it took. */
interface DrillStep {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  /** Why it failed; empty if it did not. */
  readonly fault: string;
}

/** What a recovery would have brought back. */
export interface DrillReport {
  readonly ok: boolean;
  readonly steps: readonly DrillStep[];
  /** The last event that was restored; null if none was. */
  readonly restored: { readonly sequence: number; readonly recordedAt: string | null } | null;
  /** What would have been lost: the events after the last one that was restored. */
  readonly lost: {
    readonly events: number;
    readonly from: number;
    readonly to: number;
    /** From the last event that was restored to the last one of the log. */
    readonly seconds: number;
  } | null;
  /** How long it takes until a server could serve: to restore, verify and rebuild. */
  readonly recoverySeconds: number;
}

const recovering = new Set(['restore', 'verify the chain', 'rebuild the views']);

/**
 * Restores a backup into a separate database, verifies it, rebuilds every view and compares it with
 * the live one. A step that fails ends the drill; nothing of it remains.
 */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const steps: DrillStep[] = [];
  const found: { place: LogPlace | null; lost: DrillReport['lost']; at: string | null } = {
    place: null,
    lost: null,
    at: null,
  };
  async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
    options.onStep(name);
    options.signal.throwIfAborted();
    const began = performance.now();
    const end = (fault: string): void => {
      const seconds = Math.round(performance.now() - began) / 1_000;
      steps.push({ name, ok: fault === '', seconds, fault });
    };
    try {
      const result = await work();
      end('');
      return result;
    } catch (error) {
      end(toOneLine(error));
      throw new StepFailed();
    }
  }
  try {
    await withScratch(options.logger, async (scratch) => {
      const restore = await prepare(options, scratch, step);
      await step('restore', restore);
      found.place = await step('verify the chain', () => checkLog(scratch.url, options.signal));
      const { sequence } = found.place;
      await step('rebuild the views', () =>
        rebuildAll(scratch.url, options, { ...options, upTo: sequence }),
      );
      const place = found.place;
      Object.assign(
        found,
        await step('compare the log', () => compareLogs(options.url, scratch.url, place)),
      );
      for (const view of options.views) {
        await step(`compare ${view.name}`, () =>
          compareView([options.url, scratch.url], view, sequence),
        );
      }
    });
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
  }
  const recovered = steps.filter(({ name }) => recovering.has(name));
  const { place, at: recordedAt } = found;
  return {
    ok: steps.every(({ ok }) => ok),
    steps,
    restored: place && { sequence: place.sequence, recordedAt },
    lost: found.lost,
    recoverySeconds: recovered.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** The step that failed is in the report. */
class StepFailed extends Error {}

type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Makes the export if none is given; returns what restores it. */
async function prepare(
  { url, from, dump, archive, fetchBack, program, signal }: DrillOptions,
  scratch: Scratch,
  step: Step,
): Promise<() => Promise<unknown>> {
  if (dump !== null) {
    return async () => {
      await restoreDump(dump, scratch);
      await migrate(scratch.url);
      const { archivedThrough } = await withCopyConnection(scratch.url, readExportedHead);
      if (archivedThrough === 0) return;
      if (archive === null) throw toArchived(archivedThrough);
      await fetchBack(scratch.url, archive);
    };
  }
  const directory = from ?? path.join(scratch.directory, 'export');
  const common = { signal, onProgress() {} };
  const { archivedThrough } = await withCopyConnection(url, readExportedHead);
  const after = archivedThrough === 0 || archive === null ? null : await endOf(archive);
  if (from === null) {
    await step('export', async () => {
      if (archivedThrough > 0 && archive === null) throw toArchived(archivedThrough);
      await exportLog({ url, directory, after, program, ...common });
    });
  }
  return async () => {
    const start = (await readManifest(directory))?.start.sequence ?? 0;
    if (start > 0 && archive !== null) {
      await importLog({ url: scratch.url, directory: archive, ...common });
    }
    await importLog({ url: scratch.url, directory, ...common });
  };
}

/** Where the files of archived events end: an export of the rest begins there. */
async function endOf(archive: string): Promise<number | null> {
  return (await readManifest(archive))?.end.sequence ?? null;
}

function toArchived(through: number): ExportError {
  return new ExportError(
    'ARCHIVED',
    `the events up to ${through} are archived: give their directory with --archive DIR`,
  );
}

/** Whether the restored log is the beginning of the live one, and what is missing of it. */
async function compareLogs(live: string, restored: string, place: LogPlace) {
  const head = await withCopyConnection(live, async (connection) => {
    const [own, other] = [
      await readExportedHead(connection),
      await withCopyConnection(restored, readExportedHead),
    ];
    if (own.ledger !== other.ledger) {
      throw new Error(`the backup is of the ledger ${other.ledger}, not of ${own.ledger}`);
    }
    await assertPlace(connection, place);
    return { own, other };
  });
  const { sequence: to, recordedAt: last } = head.own;
  const events = to - place.sequence;
  const at = head.other.recordedAt;
  const seconds = events === 0 || last === null || at === null ? 0 : secondsBetween(at, last);
  return { at, lost: { events, from: place.sequence + 1, to, seconds } };
}

function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1_000;
}
