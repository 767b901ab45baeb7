import type { Executor } from '../postgres/database.ts';
import type { Leadership } from '../postgres/leadership.ts';
import type { AnyView } from '../views/lists/placement.ts';
import { dropView } from '../views/store.ts';
import { readRowsOf } from './copies.ts';
import { beingRebuilt } from './take-rows.ts';

const droppedRowsMax = 5_000;

/** Drops rows, a limited number at a time; the caller has their lease. */
export async function dropRows(executor: Executor, id: number): Promise<void> {
  while (!(await dropView(executor, id, droppedRowsMax)));
}

/**
 * Drops the copy of a view and what a rebuild has replaced; returns whether there was anything.
 * Throws `RebuildError` if another process uses it.
 */
export async function dropRowsOf(
  executor: Executor,
  view: AnyView,
  leadership: Pick<Leadership, 'take'>,
): Promise<boolean> {
  const { copy, kept } = await readRowsOf(executor, view);
  const ids = [copy, kept].flatMap((row) => (row === null ? [] : [row.id]));
  if ((await leadership.take(ids)).size < ids.length) throw beingRebuilt(view.name);
  for (const id of ids) await dropRows(executor, id);
  return ids.length > 0;
}
