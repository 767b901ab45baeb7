import { UpgradeNeededError } from '../kernel/upgrade-needed.ts';
import type { ViewRow } from './store.ts';

/**
 * A view cannot be read at a sequence, because it is parked before it or is still being built. The
 * message is for every client, so it does not have the error of a parked view, which may quote an
 * event that the client may not see.
 */
export class ViewNotReadableError extends Error {
  readonly code: 'VIEW_PARKED' | 'VIEW_BUILDING';
  constructor(
    readonly view: string,
    row: ViewRow | null,
    readonly sequence: number,
  ) {
    const isParked = row?.status === 'parked';
    super(
      isParked
        ? `the view ${view} is parked at sequence ${row.checkpoint}: Query.views has its error`
        : `the view ${view} is being built and cannot be read at sequence ${sequence} yet`,
    );
    this.code = isParked ? 'VIEW_PARKED' : 'VIEW_BUILDING';
  }
}

/**
 * A view cannot be read at a sequence, because its history before a later one has been removed to
 * save space. Rebuilding the view brings it back.
 */
export class ViewHistoryThinnedError extends Error {
  readonly code = 'HISTORY_THINNED';
  constructor(
    readonly view: string,
    readonly historyFrom: number,
    readonly sequence: number,
  ) {
    const rebuild = `run "daybook rebuild ${view}" to read it at ${sequence}`;
    super(`the history of the view ${view} begins at sequence ${historyFrom}: ${rebuild}`);
  }
}

/** A newer program has replaced the version of a view that this program has. */
export class ViewReplacedError extends UpgradeNeededError {
  constructor(
    readonly view: string,
    { version, by }: { readonly version: number; readonly by: number },
  ) {
    const replaced = `version ${version} of the view ${view} has been replaced by version ${by}`;
    super(`this server is older than the views (${replaced} and is being built again): upgrade it`);
  }
}
