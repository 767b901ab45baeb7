import type { NewerProgram } from '../feed/newer-program.ts';
import { ViewHistoryThinnedError, ViewNotReadableError, ViewReplacedError } from './errors.ts';
import type { StoredView } from './proposed/read-proposed.ts';
import type { ViewsState } from './state.ts';

/**
 * The id of a view that can be read at a sequence. Throws `ViewNotReadableError`,
 * `ViewHistoryThinnedError` and `UpgradeNeededError` if it cannot.
 */
export function readableId(
  state: ViewsState,
  newer: NewerProgram,
  { name, at }: { readonly name: string; readonly at: number },
): number {
  const row = state.rows.get(name);
  if (row === undefined || row.status === 'building' || row.checkpoint < at) {
    const unreadable = row?.status === 'parked' ? null : newer.eventAfter(row?.checkpoint ?? 0);
    if (unreadable !== null) throw unreadable;
    if (row?.status !== 'parked' && row?.status !== 'live') assertNotReplaced(state, name);
    throw new ViewNotReadableError(name, row ?? null, at);
  }
  if (at < row.historyFrom) throw new ViewHistoryThinnedError(name, row.historyFrom, at);
  return row.id;
}

/** Like `readableId`, but also returns the code of the view. */
export function storedView(
  state: ViewsState,
  newer: NewerProgram,
  { name, at }: { readonly name: string; readonly at: number },
): StoredView {
  const id = readableId(state, newer, { name, at });
  const view = state.views.find((each) => each.name === name);
  if (view === undefined) throw new Error(`this program has no view ${name}`);
  return { id, view };
}

function assertNotReplaced({ views, newerVersions }: ViewsState, name: string): void {
  const version = views.find((view) => view.name === name)?.version;
  const by = newerVersions.find((row) => row.name === name)?.version;
  if (version === undefined || by === undefined) return;
  throw new ViewReplacedError(name, { version, by });
}
