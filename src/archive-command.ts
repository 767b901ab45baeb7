import { archiveLog } from './archive/archive-log.ts';
import { restoreLog } from './archive/restore-log.ts';
import type { ArchiveSettings } from './archive/settings.ts';
import type { AnyDecider } from './commands/streams/cache.ts';
import type { Config } from './config.ts';
import { modules } from './contexts/all.ts';
import { type CommandTerminal, readVersion } from './exports-command.ts';
import { eventDefinitionsOf } from './kernel/context.ts';
import { ArchivedError } from './log/errors.ts';
import { assertImported } from './log/half-imported.ts';
import { createLog } from './log/log.ts';
import { withDatabase } from './open-database.ts';
import { createEventProgress } from './rebuild/progress.ts';

/** Runs `daybook archive`. Throws `ExportError`. */
export async function runArchive(
  config: Config,
  settings: ArchiveSettings,
  { out, err, signal }: CommandTerminal,
): Promise<void> {
  const { directory } = settings;
  const progress = createEventProgress(err);
  const common = { directory, signal, onProgress: progress.update };
  const program = await readVersion();
  const line = await withDatabase(config, 'archive', async ({ database, url }) => {
    await assertImported(database);
    if (settings.kind === 'restore') return linesOfRestore(await restoreLog({ ...common, url }));
    const contexts = modules.map(({ context }) => context);
    const log = createLog(database, eventDefinitionsOf(contexts));
    // The contexts name the deciders by the two members that others need.
    const deciders = contexts.flatMap(
      (context) => context.deciders as unknown as readonly AnyDecider[],
    );
    const { before } = settings;
    return linesOfArchive(
      await archiveLog({ ...common, url, log, deciders, before, program }),
      directory,
    );
  }).finally(progress.stop);
  out.write(line);
}

/**
 * Runs work that may need archived events. If they are needed and the settings name their
 * directory, fetches them back and runs it again. Throws `ArchivedError` without the setting.
 */
export async function withEventsHere<T>(
  { archiveDir: directory }: Pick<Config, 'archiveDir'>,
  { url, err, signal }: { readonly url: string } & Pick<CommandTerminal, 'err' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ArchivedError) || directory === null) throw error;
    const progress = createEventProgress(err);
    const options = { url, directory, signal, onProgress: progress.update };
    err.write(linesOfRestore(await restoreLog(options).finally(progress.stop)));
    return work();
  }
}

function linesOfRestore(restored: Awaited<ReturnType<typeof restoreLog>>): string {
  if (restored === null) return 'nothing is archived\n';
  const { first, last, lockedMs } = restored;
  return `fetched back the events ${first} to ${last}; appends waited ${whole(lockedMs)} ms\n`;
}

function linesOfArchive(
  { moved, reason, lockedMs, unfoldable, frozen }: Awaited<ReturnType<typeof archiveLog>>,
  directory: string,
): string {
  const lines = [
    moved === null
      ? 'nothing to archive'
      : `archived the events ${moved.first} to ${moved.last} in ${directory}; appends waited ` +
        `${whole(lockedMs)} ms`,
  ];
  if (reason !== null) lines.push(`stopped there because ${reason}`);
  if (unfoldable > 0) {
    lines.push(`${unfoldable} streams have no snapshot for this version: commands on them fail`);
  }
  if (frozen > 0) lines.push(`froze ${frozen} parts of the log that get no more events`);
  return `${lines.join('\n')}\n`;
}

const whole = (milliseconds: number): string => milliseconds.toFixed(0);
