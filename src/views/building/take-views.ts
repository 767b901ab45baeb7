import type { NewerProgram } from '../../feed/newer-program.ts';
import type { Executor } from '../../postgres/database.ts';
import type { Leadership } from '../../postgres/leadership.ts';
import type { AnyView } from '../lists/placement.ts';
import { readViews, registerView, setViewStatus, type ViewRow } from '../store.ts';
import { createMovingView, type MovingView, takeChecksum } from './advance.ts';

interface Known {
  readonly views: readonly AnyView[];
  readonly newer: NewerProgram;
}

interface Led {
  readonly moving: readonly MovingView[];
  readonly leadership: Leadership;
}

/** Takes the views whose lease is free. A parked view is tried again. */
export async function takeViews(
  executor: Executor,
  { views, newer }: Known,
  { moving, leadership }: Led,
): Promise<readonly MovingView[]> {
  if (moving.length === views.length) return [];
  const known = ({ name, version }: ViewRow): AnyView | undefined =>
    views.find((view) => view.name === name && view.version === version);
  const rows = await readViews(executor);
  for (const view of views) {
    // A newer program dropped the view while this one was not running for some time, so the view is
    // built again.
    if (!rows.some((row) => known(row) === view)) await registerView(executor, view);
  }
  const isMoving = (row: ViewRow): boolean => moving.some(({ id }) => id === row.id);
  const wanted = rows.filter(
    (row) =>
      known(row) !== undefined && !isMoving(row) && newer.eventAfter(row.checkpoint) === null,
  );
  const ids = await leadership.take(wanted.map(({ id }) => id));
  if (ids.size === 0) return [];
  const taken: MovingView[] = [];
  // Read again under the lease: the previous holder may have advanced them in between.
  for (const row of await readViews(executor)) {
    const { id, checkpoint } = row;
    const view = known(row);
    if (view === undefined || !ids.has(id)) continue;
    if (row.status === 'parked') await setViewStatus(executor, [id], 'building');
    const status = row.status === 'live' ? 'live' : 'building';
    const moved = createMovingView(view, id, checkpoint, status);
    takeChecksum(moved, row);
    taken.push(moved);
  }
  return taken;
}

/**
 * Stops advancing the rows that a rebuild has put aside, so that this process takes over those that
 * are now the view. Returns whether there were any.
 */
export async function leaveSwapped(
  executor: Executor,
  moving: MovingView[],
  leadership: Pick<Leadership, 'release'>,
): Promise<boolean> {
  const rows = await readViews(executor);
  const left = moving.filter(({ id, view }) =>
    rows.some((row) => row.name === view.name && row.version === view.version && row.id !== id),
  );
  for (const view of left) moving.splice(moving.indexOf(view), 1);
  await leadership.release(left.map(({ id }) => id));
  return left.length > 0;
}
