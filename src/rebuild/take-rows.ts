import type { Executor } from '../postgres/database.ts';
import type { Leadership } from '../postgres/leadership.ts';
import { createMovingView, type MovingView, takeChecksum } from '../views/building/advance.ts';
import type { AnyView } from '../views/lists/placement.ts';
import type { StoredViewRow } from '../views/store.ts';
import { beginCopy, readRowsOf, resumeRows } from './copies.ts';
import { RebuildError } from './errors.ts';

/** Rows that will be the view; this process has their lease. */
export interface Next {
  readonly moving: MovingView;
}

type Leases = Pick<Leadership, 'take'>;

/**
 * Begins or continues the copies of views. Throws `RebuildError` if a view is not live yet, or if
 * another process has one of the copies.
 */
export async function takeCopies(
  executor: Executor,
  views: readonly AnyView[],
  leadership: Leases,
): Promise<readonly Next[]> {
  for (const view of views) await assertBuilt(executor, view);
  for (const view of views) await beginCopy(executor, view);
  return takeAll(executor, views, { leadership, of: 'copy' });
}

/** Takes over what a rebuild has replaced. Throws `RebuildError` if nothing is kept. */
export async function takeKept(
  executor: Executor,
  views: readonly AnyView[],
  leadership: Leases,
): Promise<readonly Next[]> {
  for (const view of views) {
    const { name, version } = view;
    await assertBuilt(executor, view);
    const { kept } = await readRowsOf(executor, view);
    if (kept === null) {
      const reason = `nothing is kept of the view ${name}: no rebuild has replaced it lately`;
      throw new RebuildError('NOTHING_KEPT', name, reason);
    }
    if (kept.version !== version) {
      const old = `what is kept of the view ${name} has version ${kept.version}`;
      const reason = `${old}, and this program has version ${version}: drop it`;
      throw new RebuildError('NOTHING_KEPT', name, reason);
    }
  }
  return takeAll(executor, views, { leadership, of: 'kept' });
}

interface Wanted {
  readonly leadership: Leases;
  readonly of: 'copy' | 'kept';
}

async function takeAll(
  executor: Executor,
  views: readonly AnyView[],
  { leadership, of }: Wanted,
): Promise<readonly Next[]> {
  const nexts: Next[] = [];
  for (const view of views) {
    const found = (await readRowsOf(executor, view))[of];
    const ids = found === null ? [] : [found.id];
    if (ids.length === 0 || (await leadership.take(ids)).size === 0) throw beingRebuilt(view.name);
    await resumeRows(executor, ids[0] ?? 0);
    // Read again under the lease: the previous holder may have advanced or swapped them.
    const row = (await readRowsOf(executor, view))[of];
    if (row === null || row.id !== ids[0]) throw beingRebuilt(view.name);
    nexts.push({ moving: toMoving(view, row) });
  }
  return nexts;
}

function toMoving(view: AnyView, row: StoredViewRow): MovingView {
  const moving = createMovingView(view, row.id, row.checkpoint, 'building');
  takeChecksum(moving, row);
  return moving;
}

async function assertBuilt(executor: Executor, view: AnyView): Promise<void> {
  const { live } = await readRowsOf(executor, view);
  if (live !== null && live.status !== 'building') return;
  const reason = `version ${view.version} of the view ${view.name} is not live yet`;
  throw new RebuildError('VIEW_NOT_BUILT', view.name, `${reason}: a running server builds it`);
}

export function beingRebuilt(name: string): RebuildError {
  const reason = `the view ${name} is being rebuilt by another process`;
  return new RebuildError(
    'VIEW_BEING_REBUILT',
    name,
    `${reason}: Query.viewStatus has its progress`,
  );
}
