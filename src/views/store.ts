import type { JsonObject } from '../kernel/event.ts';
import type { Executor, Query } from '../postgres/database.ts';
import type { Changes } from './fold.ts';

export type ViewStatus = 'building' | 'live' | 'parked';

/** A version of a view as the database knows it. */
export interface ViewRow {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly status: ViewStatus;
  readonly checkpoint: number;
  readonly error: ViewError | null;
}

/** Why a view is parked: the event on which it failed, and what it said. */
export interface ViewError {
  readonly sequence: number;
  readonly type: string;
  readonly message: string;
}

const register: Query = {
  name: 'register_view',
  text: `insert into views (name, version) values ($1, $2)
    on conflict on constraint views_name_version_key do nothing`,
};

/** Makes sure that a version of a view has a row; a new one is building, at checkpoint 0. */
export async function registerView(
  executor: Executor,
  view: { readonly name: string; readonly version: number },
): Promise<void> {
  await executor.query(register, [view.name, view.version]);
}

const all: Query = {
  name: 'views',
  text: 'select id, name, version, status, checkpoint, error from views order by name, version',
};

export async function readViews(executor: Executor): Promise<readonly ViewRow[]> {
  return executor.query<ViewRow>(all);
}

const setStatus: Query = {
  name: 'set_view_status',
  text: 'update views set status = $2, error = $3 where id = any ($1::integer[])',
};

/** Changes the status of some views, of all at once. */
export async function setViewStatus(
  executor: Executor,
  ids: readonly number[],
  status: ViewStatus,
  error: ViewError | null = null,
): Promise<void> {
  const json = error === null ? null : JSON.stringify(error);
  await executor.query(setStatus, [ids, status, json]);
}

const current: Query = {
  name: 'current_documents',
  text: `select wanted.key, document.document
    from unnest($2::text[]) as wanted (key)
    join lateral (
      select document from view_documents
      where view_id = $1 and view_documents.key = wanted.key
      order by sequence desc limit 1
    ) as document on true`,
};

/** The newest documents of some keys of a view; a key without one is not in the map. */
export async function readCurrentDocuments(
  executor: Executor,
  viewId: number,
  keys: readonly string[],
): Promise<ReadonlyMap<string, JsonObject | undefined>> {
  const rows = await executor.query<{ readonly key: string; readonly document: JsonObject | null }>(
    current,
    [viewId, keys],
  );
  return new Map(rows.map((row) => [row.key, row.document ?? undefined]));
}

const advance: Query = {
  name: 'advance_views',
  text: `select advance_views(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21
  )`,
};

/** One view's way from a checkpoint to a later one. */
export interface Advance {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly changes: Changes;
}

const open = '9223372036854775807';

/** Entries that a block of a list holds before it is replaced: what a page may pass in vain. */
const blockEntriesMax = 256;

/**
 * Moves views forward in one transaction, documents, places and checkpoints together. Refused with
 * SQLSTATE DB004, and without effect, when one of them is not at its `from`.
 */
export async function advanceViews(
  executor: Executor,
  advances: readonly Advance[],
): Promise<void> {
  const documents = advances.flatMap(({ id, changes }) =>
    changes.documents.map((change) => ({ id, ...change })),
  );
  const closed = advances.flatMap(({ id, changes }) =>
    changes.closed.map((place) => ({ id, ...place })),
  );
  const opened = advances.flatMap(({ id, changes }) =>
    changes.opened.map((place) => ({ id, ...place })),
  );
  await executor.query(advance, [
    advances.map(({ id }) => id),
    advances.map(({ from }) => from),
    advances.map(({ to }) => to),
    documents.map(({ id }) => id),
    documents.map(({ key }) => key),
    documents.map(({ sequence }) => sequence),
    documents.map(({ document }) => (document === null ? null : JSON.stringify(document))),
    blockEntriesMax,
    closed.map(({ id }) => id),
    closed.map(({ list }) => list),
    closed.map(({ partition }) => partition),
    closed.map(({ position }) => position),
    closed.map(({ key }) => key),
    closed.map(({ to }) => to),
    opened.map(({ id }) => id),
    opened.map(({ list }) => list),
    opened.map(({ partition }) => partition),
    opened.map(({ position }) => position),
    opened.map(({ key }) => key),
    opened.map(({ from }) => from),
    opened.map(({ to }) => to ?? open),
  ]);
}

const retire: Query = {
  name: 'retire_view',
  text: `update views set version = -id, status = 'parked' where id = $1 and version >= 0`,
};

const dropRows: Query = {
  name: 'drop_view_rows',
  text: `with entries as (
      delete from view_entries where ctid = any (array(
        select ctid from view_entries where view_id = $1 limit $2
      )) returning view_id
    ), blocks as (
      delete from view_blocks where ctid = any (array(
        select ctid from view_blocks where view_id = $1 limit $2
      )) returning view_id
    ), documents as (
      delete from view_documents where ctid = any (array(
        select ctid from view_documents where view_id = $1 limit $2
      )) returning view_id
    )
    select (select count(*) from entries) + (select count(*) from blocks)
      + (select count(*) from documents) as count`,
};

const drop: Query = { name: 'drop_view', text: 'delete from views where id = $1' };

/**
 * Removes up to `rowsMax` documents and as many entries of a version of a view; true once nothing is
 * left. From the first call on the version is known to nobody: a program that still has it in its
 * code builds it anew.
 */
export async function dropView(executor: Executor, id: number, rowsMax: number): Promise<boolean> {
  await executor.query(retire, [id]);
  const [row] = await executor.query<{ readonly count: number }>(dropRows, [id, rowsMax]);
  if (row === undefined || row.count > 0) return false;
  await executor.query(drop, [id]);
  return true;
}

const lock: Query = {
  name: 'lock_view',
  text: `select pg_try_advisory_lock(hashtext('daybook.views'), $1) as locked`,
};

/** Takes the right to move a view for as long as this connection lives; false: another has it. */
export async function tryLockView(executor: Executor, id: number): Promise<boolean> {
  const [row] = await executor.query<{ readonly locked: boolean }>(lock, [id]);
  return row?.locked ?? false;
}
