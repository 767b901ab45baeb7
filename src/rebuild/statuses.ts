import type { Executor, Query } from '../postgres/database.ts';
import type { AnyView } from '../views/lists/placement.ts';
import { copyNameOf, keptNameOf } from '../views/row-names.ts';
import type { ViewError } from '../views/store.ts';

/** The status of a view as operators see it; the same in every process. */
export interface ViewStatusRow {
  readonly name: string;
  readonly version: number;
  readonly status: 'BUILDING' | 'LIVE' | 'PARKED' | 'REBUILDING';
  readonly checkpoint: number;
  readonly headSequence: number;
  /** How long ago the first event after the checkpoint was recorded; 0 if there is none. */
  readonly lagSeconds: number;
  /** From 0 to 1; null if the view is neither being built nor rebuilt. */
  readonly progress: number | null;
  /** The error of the view or, if that has none, of its last rebuild. */
  readonly error: string | null;
  /** Until when the rows that a rebuild has replaced are kept; null if there are none. */
  readonly keptUntil: string | null;
}

interface Row {
  readonly name: string;
  readonly version: number;
  readonly status: 'building' | 'live' | 'parked';
  readonly checkpoint: number;
  readonly error: ViewError | null;
  readonly keptUntil: string | null;
  readonly headSequence: number;
  readonly lagSeconds: number;
  readonly isLed: boolean;
}

const all: Query = {
  name: 'view_statuses',
  text: `select views.name, version, status, checkpoint, error, kept_until as "keptUntil",
      log_head.sequence as "headSequence",
      coalesce(greatest(0, extract(epoch from clock_timestamp() - (
        select recorded_at from events where events.sequence = views.checkpoint + 1
      ))), 0)::float8 as "lagSeconds",
      exists (
        select from leases
        where leases.name = 'daybook.views ' || views.id
          and leases.expires_at > clock_timestamp()
      ) as "isLed"
    from views cross join log_head`,
};

/** The statuses of views, in their order, and the head of the log. */
export interface ViewStatuses {
  readonly sequence: number;
  readonly views: readonly ViewStatusRow[];
}

export async function readStatuses(
  executor: Executor,
  views: readonly AnyView[],
): Promise<ViewStatuses> {
  const rows = await executor.query<Row>(all);
  const sequence = rows[0]?.headSequence ?? 0;
  return { sequence, views: views.map((view) => toStatus(view, rows, sequence)) };
}

function toStatus(
  { name, version }: AnyView,
  rows: readonly Row[],
  headSequence: number,
): ViewStatusRow {
  const find = (wanted: string): Row | undefined =>
    rows.find((row) => row.name === wanted && row.version === version);
  const [live, copy] = [find(name), find(copyNameOf(name))];
  const kept = rows.find((row) => row.name === keptNameOf(name));
  const status = statusOf(live, copy);
  const built = status === 'REBUILDING' ? copy : status === 'BUILDING' ? live : undefined;
  const failure = copy?.error ? `the last rebuild failed: ${copy.error.message}` : null;
  return {
    name,
    version,
    status,
    checkpoint: live?.checkpoint ?? 0,
    headSequence,
    lagSeconds: live?.lagSeconds ?? 0,
    progress: built === undefined ? null : built.checkpoint / Math.max(headSequence, 1),
    error: live?.error?.message ?? failure,
    keptUntil: kept?.keptUntil ?? null,
  };
}

function statusOf(live: Row | undefined, copy: Row | undefined): ViewStatusRow['status'] {
  if (live === undefined || live.status === 'building') return 'BUILDING';
  if (copy?.isLed === true && copy.error === null) return 'REBUILDING';
  return live.status === 'parked' ? 'PARKED' : 'LIVE';
}
