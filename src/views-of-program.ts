import { modules } from './contexts/all.ts';
import { eventDefinitionsOf } from './kernel/context.ts';
import { createLog } from './log/log.ts';
import type { OpenDatabase } from './open-database.ts';
import { RebuildError } from './rebuild/errors.ts';
import type { RebuildParts } from './rebuild/under-lease.ts';
import type { AnyView } from './views/lists/placement.ts';

const contexts = modules.map(({ context }) => context);

/** The views with these names, or all; throws `RebuildError` for a name that no view has. */
export function viewsOf(names: readonly string[]): readonly AnyView[] {
  const all = contexts.flatMap((context) => context.views);
  if (names.length === 0) return all;
  return [...new Set(names)].map((name) => {
    const view = all.find((each) => each.name === name);
    if (view !== undefined) return view;
    const known = all.map((each) => each.name).join(', ');
    throw new RebuildError('VIEW_NOT_FOUND', name, `there is no view ${name}: use one of ${known}`);
  });
}

/** What a rebuild of this program's views works with. */
export function rebuildPartsOf({ url, database, logger }: OpenDatabase): RebuildParts {
  const log = createLog(database, eventDefinitionsOf(contexts));
  return { url, database, keeper: database, log, logger };
}
