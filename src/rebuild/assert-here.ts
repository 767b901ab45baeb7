import { readArchived } from '../log/archive.ts';
import type { Log } from '../log/log.ts';
import type { Executor } from '../postgres/database.ts';
import type { AnyView } from '../views/lists/placement.ts';
import { readRowsOf } from './copies.ts';

/**
 * Throws `ArchivedError` if rows of a view would be built from events that are archived. A copy
 * that does not exist yet begins at the first event.
 */
export async function assertEventsHere(
  executor: Executor,
  log: Pick<Log, 'archived'>,
  { views, of }: { readonly views: readonly AnyView[]; readonly of: 'copy' | 'kept' },
): Promise<void> {
  const through = await readArchived(executor);
  if (through === 0) return;
  for (const view of views) {
    const row = (await readRowsOf(executor, view))[of];
    const isMissing = row === null && of === 'kept';
    if (!isMissing && (row?.checkpoint ?? 0) < through) throw await log.archived();
  }
}
