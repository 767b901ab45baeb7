import { randomBytes } from 'node:crypto';
import type { Database, Executor } from '../postgres/database.ts';
import {
  insertLedgerKey,
  readKeysOfOthers,
  readLedgerKey,
  updateKeys,
  updateLedgerKey,
} from './key-table.ts';
import {
  dataKeyBytes,
  type MasterKeys,
  unwrapKey,
  type WrappedKey,
  wrapKey,
} from './master-keys.ts';

/** The name under which the key of the log is wrapped; no person has an empty name. */
const ledgerName = '';

/**
 * The key of the log itself, created on first use. Its master key wraps the keys of new people, so
 * that all servers of a database agree on one. Throws `MasterKeyError` if it cannot be unwrapped.
 */
export async function openLedgerKey(executor: Executor, keys: MasterKeys): Promise<Buffer> {
  let found = await readLedgerKey(executor);
  if (found === null) {
    await insertLedgerKey(executor, wrapKey(keys.current(), randomBytes(dataKeyBytes), ledgerName));
    found = await readLedgerKey(executor);
    if (found === null) throw new Error('the log has no key: is the database migrated?');
  }
  if (keys.find(found.masterKey) === undefined) await keys.reload();
  const key = unwrapKey(keys, found, ledgerName);
  keys.use(found.masterKey);
  return key;
}

const rotatedAtOnce = 500;

/**
 * Wraps all keys by the first of the master keys, in steps, while servers that have the same master
 * keys may run. New keys are wrapped by it from the first step on. Returns the number of keys of
 * people that were wrapped by another one. Throws `MasterKeyError`.
 */
export async function rotateMasterKey(database: Database, keys: MasterKeys): Promise<number> {
  const current = keys.first();
  const key = await openLedgerKey(database, keys);
  await updateLedgerKey(database, wrapKey(current, key, ledgerName));
  keys.use(current.id);
  for (let count = 0; ; ) {
    const rows = await readKeysOfOthers(database, current.id, rotatedAtOnce);
    if (rows.length === 0) return count;
    const wrapped = new Map<string, WrappedKey>();
    for (const { subject, masterKey, wrapped: bytes } of rows) {
      if (masterKey === null || bytes === null) continue;
      const dataKey = unwrapKey(keys, { masterKey, wrapped: bytes }, subject);
      wrapped.set(subject, wrapKey(current, dataKey, subject));
    }
    await updateKeys(database, wrapped);
    count += rows.length;
  }
}
