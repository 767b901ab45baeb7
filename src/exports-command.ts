import { readFile } from 'node:fs/promises';
import { restoreLog } from './archive/restore-log.ts';
import type { Config } from './config.ts';
import { modules } from './contexts/all.ts';
import { drillLines } from './exports/drill/report.ts';
import { runDrill } from './exports/drill/run-drill.ts';
import { ExportError } from './exports/errors.ts';
import { exportLog } from './exports/export-log.ts';
import { exportParquet } from './exports/export-parquet.ts';
import { importLog } from './exports/import-log.ts';
import type { DrillSettings, ExportSettings, ParquetSettings } from './exports/settings.ts';
import { eventDefinitionsOf } from './kernel/context.ts';
import { assertImported } from './log/half-imported.ts';
import { readHead } from './log/head.ts';
import { type OpenDatabase, withDatabase, withPostgres } from './open-database.ts';
import { createEventProgress } from './rebuild/progress.ts';
import type { AnyView } from './views/lists/placement.ts';

const contexts = modules.map(({ context }) => context);

/** Where a command writes, and the signal that ends it. */
export interface CommandTerminal {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
}

/** Runs `daybook export`. Throws `ExportError`. */
export async function runExport(
  config: Config,
  settings: ExportSettings,
  { out, err, signal }: CommandTerminal,
): Promise<void> {
  if (settings.format === 'parquet') {
    await runParquet(config, settings, { out, err, signal });
    return;
  }
  const { directory, after } = settings;
  const program = await readVersion();
  const progress = createEventProgress(err);
  const onProgress = (sequence: number, of: number) =>
    progress.update({ step: 'exporting', sequence, of });
  const { events, files, manifest } = await withDatabase(
    config,
    'export',
    async ({ url, database }: OpenDatabase) => {
      await assertImported(database);
      return exportLog({ url, directory, after, program, signal, onProgress });
    },
  ).finally(progress.stop);
  const { start, end } = manifest;
  out.write(
    `exported ${events} events in ${files} files; ${directory} has the events ` +
      `${start.sequence + 1} to ${end.sequence}\n`,
  );
}

async function runParquet(
  config: Config,
  { file, view: name, asOf }: ParquetSettings,
  { out, err }: CommandTerminal,
): Promise<void> {
  const view = name === null ? null : viewNamed(name);
  const lines = createEventProgress(err);
  const { rows, sequence } = await withDatabase(config, 'export', async ({ url, database }) => {
    await assertImported(database);
    const head = await readHead(database);
    const of = view === null ? head.sequence : 0;
    const onProgress = (count: number) =>
      lines.update({ step: 'exporting', sequence: count, of: Math.max(of, count) });
    return exportParquet({ url, file, view, asOf, onProgress });
  }).finally(lines.stop);
  out.write(`exported ${rows} rows of ${name ?? 'events'} as of event ${sequence} to ${file}\n`);
}

function viewNamed(name: string): AnyView {
  const all = contexts.flatMap(({ views }) => views);
  const view = all.find((each) => each.name === name);
  if (view !== undefined) return view;
  const known = all.map((each) => each.name).join(', ');
  throw new ExportError('UNUSABLE', `there is no view ${name}: use one of ${known}`);
}

/** Runs `daybook import`. Throws `ExportError`. */
export async function runImportLog(
  config: Config,
  directory: string,
  { out, err, signal }: CommandTerminal,
): Promise<void> {
  const progress = createEventProgress(err);
  const onProgress = (sequence: number, of: number) =>
    progress.update({ step: 'importing', sequence, of });
  const { start, end, state } = await withPostgres(config, (url) =>
    importLog({ url, directory, signal, onProgress }),
  ).finally(progress.stop);
  out.write(`imported the events ${start.sequence + 1} to ${end.sequence}; the chain is whole\n`);
  if (state === null || state.sequence < end.sequence) {
    out.write('the export had been interrupted: events after these may be missing\n');
  }
}

/** Runs `daybook drill` and returns its exit code. */
export async function runDrillCommand(
  config: Config,
  { from, dump, archive, isJson }: DrillSettings,
  { out, err, signal }: CommandTerminal,
): Promise<0 | 1> {
  const program = await readVersion();
  const views = contexts.flatMap((context) => context.views);
  const definitions = eventDefinitionsOf(contexts);
  const report = await withDatabase(config, 'drill', async ({ url, logger }) => {
    const onStep = (name: string) => err.write(`${name} …\n`);
    return runDrill({
      url,
      from,
      dump,
      archive: archive ?? config.archiveDir,
      fetchBack: (restored, directory) =>
        restoreLog({ url: restored, directory, signal, onProgress() {} }),
      program,
      views,
      definitions,
      logger,
      signal,
      onStep,
    });
  });
  const lines = isJson ? [JSON.stringify(report)] : drillLines(report);
  out.write(`${lines.join('\n')}\n`);
  return report.ok ? 0 : 1;
}

/** The version of this program. */
export async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
