import type { Executor, Query } from '../postgres/database.ts';
import type { AnyView } from '../views/lists/placement.ts';
import { copyNameOf, keptNameOf } from '../views/row-names.ts';
import { readViews, type StoredViewRow } from '../views/store.ts';

/**
 * The rows of one view: `live` is what programs read, `copy` is built beside it, and `kept` is what
 * a rebuild has replaced. Programs find a view by its name and version, so they do not find the
 * other two, which have separate names.
 */
interface RowsOfView {
  readonly live: StoredViewRow | null;
  readonly copy: StoredViewRow | null;
  readonly kept: StoredViewRow | null;
}

/** The rows of a view in this version; those that are kept may be of an earlier one. */
export function rowsOf(view: AnyView, rows: readonly StoredViewRow[]): RowsOfView {
  const find = (name: string, isOwn: (row: StoredViewRow) => boolean): StoredViewRow | null =>
    rows.find((row) => row.name === name && isOwn(row)) ?? null;
  const isOfVersion = ({ version }: StoredViewRow): boolean => version === view.version;
  return {
    live: find(view.name, isOfVersion),
    copy: find(copyNameOf(view.name), isOfVersion),
    kept: find(keptNameOf(view.name), () => true),
  };
}

/** Reads the rows of a view. */
export async function readRowsOf(executor: Executor, view: AnyView): Promise<RowsOfView> {
  return rowsOf(view, await readViews(executor));
}

/** For how long what no program reads is kept; servers drop it afterwards. */
const keptFor = `interval '1 day'`;

const begin: Query = {
  name: 'begin_copy',
  // An insertion that conflicts would wait for the page that a running rebuild is writing.
  text: `insert into views (name, version, kept_until)
    select $1, $2, clock_timestamp() + ${keptFor}
    where not exists (select from views where name = $1 and version = $2)
    on conflict on constraint views_name_version_key do nothing`,
};

/** Begins a copy of a view, unless there is one, with which a rebuild continues. */
export async function beginCopy(executor: Executor, view: AnyView): Promise<void> {
  await executor.query(begin, [copyNameOf(view.name), view.version]);
}

const resume: Query = {
  name: 'resume_copy',
  text: `update views set status = 'building', error = null,
      kept_until = clock_timestamp() + ${keptFor}
    where id = $1 and version >= 0`,
};

/** Makes rows that no program reads advance again; the caller holds their lease. */
export async function resumeRows(executor: Executor, id: number): Promise<void> {
  await executor.query(resume, [id]);
}

const stop: Query = {
  name: 'stop_copy',
  text: `update views set status = 'parked', error = $2 where id = $1 and version >= 0`,
};

/** Records why a copy was not swapped in. */
export async function failCopy(
  executor: Executor,
  { id, checkpoint }: Pick<StoredViewRow, 'id' | 'checkpoint'>,
  message: string,
): Promise<void> {
  const error = { sequence: checkpoint, type: '', message };
  await executor.query(stop, [id, JSON.stringify(error)]);
}

/** Servers advance views in other transactions, which wait; reads do not. */
const lock: Query = { name: 'lock_views', text: 'lock table views in share row exclusive mode' };
const lockTimeout: Query = {
  name: 'lock_views_timeout',
  text: `set local lock_timeout = '5s'`,
};

/** Keeps every process from advancing or changing views until the transaction ends. */
export async function lockViews(executor: Executor): Promise<void> {
  await executor.query(lockTimeout);
  await executor.query(lock);
}

const retireKept: Query = {
  name: 'retire_kept',
  text: `update views set name = $1, version = -id, status = 'parked', kept_until = null
    where name = $2 and id <> $3`,
};
const putAside: Query = {
  name: 'put_aside',
  text: `update views set name = $2, status = 'parked', error = null,
      kept_until = clock_timestamp() + ${keptFor}
    where id = $1 returning kept_until as "keptUntil"`,
};
const putIn: Query = {
  name: 'put_in',
  text: `update views set name = $2, status = $3, error = null, kept_until = null where id = $1`,
};
const notify: Query = { name: 'notify_swap', text: `select pg_notify('daybook_views', '')` };

/** Rows to swap in for those that are live. */
interface Swap {
  readonly name: string;
  readonly live: Pick<StoredViewRow, 'id' | 'status'>;
  readonly next: Pick<StoredViewRow, 'id'>;
}

/**
 * Makes other rows the view, and keeps those that were; returns until when. The rows that were kept
 * before are retired: servers drop them. The rows that are put aside are parked, so that a process
 * that still advances them fails and looks again. The caller holds the lock of `lockViews`.
 */
export async function swapRows(executor: Executor, swap: Swap): Promise<string> {
  const { name, live, next } = swap;
  await executor.query(retireKept, [name, keptNameOf(name), next.id]);
  // The rows to swap in may have the name under which the others will be kept.
  await executor.query(putIn, [next.id, `${name} (next)`, 'building']);
  const [row] = await executor.query<{ readonly keptUntil: string }>(putAside, [
    live.id,
    keptNameOf(name),
  ]);
  // A parked view may be far behind the others, so the rows become live once they have caught up.
  const status = live.status === 'live' ? 'live' : 'building';
  await executor.query(putIn, [next.id, name, status]);
  await executor.query(notify);
  return row?.keptUntil ?? '';
}
