import type { Executor, Query } from '../postgres/database.ts';

type ViewStatus = 'building' | 'live' | 'parked';

/** The state of a version of a view in the database. */
export interface ViewRow {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly status: ViewStatus;
  readonly checkpoint: number;
  readonly error: ViewError | null;
  /** The view cannot be read before this sequence; 0 unless its history was thinned. */
  readonly historyFrom: number;
}

/** A row of the table of views. */
export interface StoredViewRow extends ViewRow {
  /** The checksum of its rows up to `checksumSequence`; null if none was ever stored. */
  readonly checksum: string | null;
  readonly checksumSequence: number | null;
  /** The sum of the digests of its versions that were thinned; null if none were. */
  readonly removedChecksum: string | null;
  /** Until when rows that no program reads are kept; null for all others. */
  readonly keptUntil: string | null;
  readonly isExpired: boolean;
}

/** Why a view is parked: the event on which it failed, and the message of the error. */
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

/** Ensures that a version of a view has a row; a new one has status building and checkpoint 0. */
export async function registerView(
  executor: Executor,
  view: { readonly name: string; readonly version: number },
): Promise<void> {
  await executor.query(register, [view.name, view.version]);
}

const all: Query = {
  name: 'views',
  text: `select id, name, version, status, checkpoint, error, history_from as "historyFrom",
      encode(checksum, 'hex') as checksum, checksum_sequence as "checksumSequence",
      encode(removed_checksum, 'hex') as "removedChecksum",
      kept_until as "keptUntil", coalesce(kept_until < clock_timestamp(), false) as "isExpired"
    from views order by name, version`,
};

export async function readViews(executor: Executor): Promise<readonly StoredViewRow[]> {
  return executor.query<StoredViewRow>(all);
}

const setStatus: Query = {
  name: 'set_view_status',
  text: 'update views set status = $2, error = $3 where id = any ($1::integer[])',
};

/** Changes the status of some views in one statement. */
export async function setViewStatus(
  executor: Executor,
  ids: readonly number[],
  status: ViewStatus,
  error: ViewError | null = null,
): Promise<void> {
  const json = error === null ? null : JSON.stringify(error);
  await executor.query(setStatus, [ids, status, json]);
}

const retire: Query = {
  name: 'retire_view',
  text: `update views set version = -id, status = 'parked' where id = $1 and version >= 0`,
};

/** Retires a version of a view: processes no longer find it, so its rows can be dropped. */
export async function retireView(executor: Executor, id: number): Promise<void> {
  await executor.query(retire, [id]);
}

const expire: Query = {
  name: 'retire_expired_view',
  text: `update views set name = $2, version = -id, status = 'parked', kept_until = null
    where id = $1 and kept_until < clock_timestamp()`,
};

/** Retires rows that no program reads and that were kept long enough. */
export async function retireExpired(executor: Executor, id: number, name: string): Promise<void> {
  await executor.query(expire, [id, name]);
}

const dropRows: Query = {
  name: 'drop_view_rows',
  text: `with listed as (
      delete from view_blocks where ctid = any (array(
        select view_blocks.ctid from view_partitions
        join view_blocks on view_blocks.partition_id = view_partitions.id
        where view_id = $1 limit $3
      )) returning block
    ), partitions as (
      delete from view_partitions where id = any (array(
        select id from view_partitions
        where view_id = $1 and not exists (select from view_blocks where partition_id = id) limit $3
      )) returning id
    ), entries as (
      delete from view_entries where block = any (array(
        select block from listed union select id from partitions
      )) returning block
    ), checksums as (
      delete from view_checksums where view_id = $1
    ), entry_packs as (
      delete from view_entry_packs where ctid = any (array(
        select ctid from view_entry_packs where view_id = $1 limit $3
      )) returning view_id
    ), documents as (
      delete from view_documents where ctid = any (array(
        select ctid from view_documents where view_id = $1 limit $2
      )) returning view_id
    ), document_packs as (
      delete from view_document_packs where ctid = any (array(
        select ctid from view_document_packs where view_id = $1 limit $3
      )) returning view_id
    )
    select (select count(*) from listed) + (select count(*) from partitions)
      + (select count(*) from entries) + (select count(*) from documents)
      + (select count(*) from entry_packs) + (select count(*) from document_packs) as count`,
};

/**
 * The assumed number of entries in a block, so that about as many entries as documents are dropped.
 */
const entriesOfBlock = 50;

const drop: Query = { name: 'drop_view', text: 'delete from views where id = $1' };

/**
 * Removes up to `rowsMax` documents and about as many list entries of a version of a view; true
 * once no row remains. The first call retires the version: a program that still has it in its code
 * builds it again.
 */
export async function dropView(executor: Executor, id: number, rowsMax: number): Promise<boolean> {
  await retireView(executor, id);
  const blocksMax = Math.ceil(rowsMax / entriesOfBlock);
  const [row] = await executor.query<{ readonly count: number }>(dropRows, [
    id,
    rowsMax,
    blocksMax,
  ]);
  if (row === undefined || row.count > 0) return false;
  await executor.query(drop, [id]);
  return true;
}
