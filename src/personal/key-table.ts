import { personCategory, personErased } from '../kernel/personal.ts';
import type { Executor, Query } from '../postgres/database.ts';
import { indexKey, indexSequenceMax } from '../postgres/index-key.ts';
import type { WrappedKey } from './master-keys.ts';

/** What the database has about the data key of a person: the wrapped key, or when it was erased. */
export interface KeyRow {
  readonly subject: string;
  readonly masterKey: string | null;
  readonly wrapped: Buffer | null;
  readonly erasedAt: string | null;
}

const readAll: Query = {
  name: 'personal_keys',
  text: `select key.subject, key.master_key as "masterKey", key.wrapped_key as wrapped,
      key.erased_at as "erasedAt"
    from unnest($1::text[]) as requested (subject)
    cross join lateral (
      select * from personal_keys where personal_keys.subject = requested.subject limit 1
    ) as key`,
};

/** The rows of those people that have one. */
export function readKeys(
  executor: Executor,
  subjects: readonly string[],
): Promise<readonly KeyRow[]> {
  return executor.query<KeyRow>(readAll, [subjects]);
}

const insertAll: Query = {
  name: 'insert_personal_keys',
  // The lock keeps a rotation from ending between the check and the commit.
  text: `with ledger as (
      select master_key from ledger_keys where purpose = 'fingerprints' for share
    )
    insert into personal_keys (subject, master_key, wrapped_key)
    select given.subject, given.master_key, given.wrapped_key
    from unnest($1::text[], $2::text[], $3::bytea[])
      as given (subject, master_key, wrapped_key)
    join ledger on ledger.master_key = given.master_key
    order by given.subject
    on conflict on constraint personal_keys_pkey do nothing`,
};

/**
 * Adds the keys of people that have no row. Adds nothing if another master key wraps new keys now.
 */
export async function insertKeys(
  executor: Executor,
  keys: ReadonlyMap<string, WrappedKey>,
): Promise<void> {
  const wrapped = [...keys.values()];
  await executor.query(insertAll, [
    [...keys.keys()],
    wrapped.map(({ masterKey }) => masterKey),
    wrapped.map((key) => key.wrapped),
  ]);
}

const insertLedger: Query = {
  name: 'insert_ledger_key',
  text: `insert into ledger_keys (purpose, master_key, wrapped_key)
    values ('fingerprints', $1, $2) on conflict on constraint ledger_keys_pkey do nothing`,
};

/** Adds the key of the log itself, unless it has one. */
export async function insertLedgerKey(
  executor: Executor,
  { masterKey, wrapped }: WrappedKey,
): Promise<void> {
  await executor.query(insertLedger, [masterKey, wrapped]);
}

const readLedger: Query = {
  name: 'ledger_key',
  text: `select master_key as "masterKey", wrapped_key as wrapped
    from ledger_keys where purpose = 'fingerprints'`,
};

/** The key of the log itself; null if it has none. */
export async function readLedgerKey(executor: Executor): Promise<WrappedKey | null> {
  const [row] = await executor.query<WrappedKey>(readLedger);
  return row ?? null;
}

const updateLedger: Query = {
  name: 'rewrap_ledger_key',
  text: `update ledger_keys set master_key = $1, wrapped_key = $2 where purpose = 'fingerprints'`,
};

export async function updateLedgerKey(
  executor: Executor,
  { masterKey, wrapped }: WrappedKey,
): Promise<void> {
  await executor.query(updateLedger, [masterKey, wrapped]);
}

const readOthers: Query = {
  name: 'personal_keys_of_other_master_keys',
  text: `select subject, master_key as "masterKey", wrapped_key as wrapped,
      erased_at as "erasedAt"
    from personal_keys where wrapped_key is not null and master_key <> $1
    order by master_key limit $2`,
};

/** Some of the keys that another master key wraps. */
export function readKeysOfOthers(
  executor: Executor,
  masterKey: string,
  limit: number,
): Promise<readonly KeyRow[]> {
  return executor.query<KeyRow>(readOthers, [masterKey, limit]);
}

const updateAll: Query = {
  name: 'rewrap_personal_keys',
  // A key that has been erased meanwhile stays so.
  text: `update personal_keys set master_key = given.master_key, wrapped_key = given.wrapped_key
    from unnest($1::text[], $2::text[], $3::bytea[])
      as given (subject, master_key, wrapped_key)
    where personal_keys.subject = given.subject and personal_keys.wrapped_key is not null`,
};

/** Replaces wrapped keys by the same keys under another master key. */
export async function updateKeys(
  executor: Executor,
  keys: ReadonlyMap<string, WrappedKey>,
): Promise<void> {
  const wrapped = [...keys.values()];
  await executor.query(updateAll, [
    [...keys.keys()],
    wrapped.map(({ masterKey }) => masterKey),
    wrapped.map((key) => key.wrapped),
  ]);
}

const eraseAgain: Query = {
  name: 'erase_personal_keys_again',
  text: `insert into personal_keys (subject, erased_at)
    select distinct on (events.stream_id) substr(events.stream_id, length($2) + 2),
      events.recorded_at
    from events where events.type = $1 and ${indexKey('events.type', 'events.sequence')}
      between ${indexKey('$1', '0')} and ${indexKey('$1', `${indexSequenceMax}`)}
    order by events.stream_id, events.sequence
    on conflict on constraint personal_keys_pkey do update
    set master_key = null, wrapped_key = null, erased_at = excluded.erased_at
    where personal_keys.erased_at is null`,
};
const eraseArchived: Query = {
  name: 'erase_archived_personal_keys',
  text: `insert into personal_keys (subject, erased_at)
    select subject, recorded_at from archived_erasures
    on conflict on constraint personal_keys_pkey do update
    set master_key = null, wrapped_key = null, erased_at = excluded.erased_at
    where personal_keys.erased_at is null`,
};

/** Destroys the keys of forgotten people that came back with a backup of the keys. */
export async function eraseForgotten(executor: Executor): Promise<void> {
  await executor.query(eraseAgain, [personErased, personCategory]);
  await executor.query(eraseArchived);
}
