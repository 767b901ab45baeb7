import { withEventsHere } from './archive-command.ts';
import type { Config } from './config.ts';
import { newUuid } from './lib/uuid.ts';
import { type OpenDatabase, withDatabase } from './open-database.ts';
import { withLeadership } from './postgres/leadership.ts';
import { dropRowsOf } from './rebuild/drop-rows.ts';
import { createEventProgress } from './rebuild/progress.ts';
import { rebuildViews, undoRebuild } from './rebuild/rebuild-views.ts';
import { describe, type Rebuilt } from './rebuild/result.ts';
import type { AnyView } from './views/lists/placement.ts';
import { rebuildPartsOf, viewsOf } from './views-of-program.ts';

/** What `daybook rebuild` is asked to do. */
interface RebuildSettings {
  /** The names of the views; all if there are none. */
  readonly names: readonly string[];
  readonly acceptsDifferences: boolean;
  readonly action: 'rebuild' | 'undo' | 'drop';
}

interface Terminal {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
}

/** Runs `daybook rebuild` and returns its exit code. Throws `RebuildError`. */
export async function runRebuild(
  config: Config,
  { names, action, acceptsDifferences }: RebuildSettings,
  terminal: Terminal,
): Promise<0 | 1> {
  const views = viewsOf(names);
  return withDatabase(config, 'rebuild', async (open) => {
    if (action === 'drop') return drop(open, views, terminal);
    const progress = createEventProgress(terminal.err);
    const run = action === 'undo' ? undoRebuild : rebuildViews;
    const { signal } = terminal;
    const request = { views, acceptsDifferences, signal, onProgress: progress.update };
    const results = await withEventsHere(config, { ...terminal, url: open.url }, () =>
      run(rebuildPartsOf(open), request).finally(progress.stop),
    );
    for (const result of results) terminal.out.write(`${toLine(result)}\n`);
    return results.every(({ swapped }) => swapped !== null) ? 0 : 1;
  });
}

function toLine(result: Rebuilt): string {
  const { view, swapped, difference } = result;
  if (swapped === null) {
    return `${view.name}: not swapped in: ${describe(result)}`;
  }
  const { sequence, checksum, keptUntil } = swapped;
  const how = difference === null ? '' : `, although ${describe(result)}`;
  return (
    `${view.name}: swapped in at sequence ${sequence}, checksum ${checksum}${how}; ` +
    `what it replaced is kept until ${keptUntil}`
  );
}

async function drop(
  { database, logger }: OpenDatabase,
  views: readonly AnyView[],
  { out, signal }: Terminal,
): Promise<0> {
  const claim = { database, keeper: database, logger, signal, holder: newUuid() };
  await withLeadership({ ...claim, kind: 'daybook.views' }, async (executor, leadership) => {
    for (const view of views) {
      const isDropped = await dropRowsOf(executor, view, leadership);
      out.write(`${view.name}: ${isDropped ? 'dropped what was kept' : 'nothing was kept'}\n`);
    }
  });
  return 0;
}
