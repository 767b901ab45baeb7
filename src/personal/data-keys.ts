import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Executor } from '../postgres/database.ts';
import { insertKeys, type KeyRow, readKeys } from './key-table.ts';
import { openLedgerKey } from './ledger-key.ts';
import {
  dataKeyBytes,
  type MasterKeys,
  unwrapKey,
  type WrappedKey,
  wrapKey,
} from './master-keys.ts';

/**
 * What is known about the data key of a person. `ABSENT`: no text was sealed for the person yet.
 */
export type KnownKey =
  | { readonly kind: 'KEY'; readonly key: KeyObject }
  | { readonly kind: 'ERASED'; readonly erasedAt: string }
  | { readonly kind: 'ABSENT' };

/** The data keys of people, as far as this process has read them. */
export interface DataKeys {
  /** Undefined if it has to be read first. */
  known(subject: string): KnownKey | undefined;
  /** Reads what the database has about people. */
  find(subjects: readonly string[]): Promise<void>;
  /** Reads the keys of people, and creates those that are absent. An erased key stays erased. */
  ensure(subjects: readonly string[]): Promise<void>;
  /** Drops the key of a person, because the log has the event with which it was destroyed. */
  forget(subject: string, erasedAt: string): void;
  /** Drops everything, because the log is no longer the one that was read. */
  clear(): void;
}

export interface DataKeysOptions {
  readonly database: Executor;
  /** The connections for clients' reads. */
  readonly readers: Executor;
  readonly masterKeys: MasterKeys;
}

const keysMax = 100_000;
/** No key is used for longer without being read again, whatever happens to the feed. */
const keyTtlMs = 60_000;
const absentTtlMs = 1_000;

export function createDataKeys({ database, readers, masterKeys }: DataKeysOptions): DataKeys {
  const keys = new LRUCache<string, KnownKey>({ max: keysMax, ttl: keyTtlMs });
  let dropped = 0;

  /** Reads keys; returns the people without one. */
  async function read(executor: Executor, subjects: readonly string[]): Promise<readonly string[]> {
    for (;;) {
      const before = dropped;
      const found = new Map<string, KnownKey>();
      for (const row of await readKeys(executor, subjects)) {
        found.set(row.subject, await toKnown(masterKeys, row));
      }
      // A key that was destroyed while it was being read must not come back.
      if (dropped !== before) continue;
      for (const [subject, known] of found) keys.set(subject, known);
      return subjects.filter((subject) => !found.has(subject));
    }
  }

  return {
    known: (subject) => keys.get(subject),
    find: createCollector(async (subjects) => {
      const absent = await read(readers, subjects);
      for (const subject of absent) keys.set(subject, { kind: 'ABSENT' }, { ttl: absentTtlMs });
    }),
    async ensure(subjects) {
      let absent = await read(database, subjects);
      while (absent.length > 0) {
        await insertKeys(database, newKeys(masterKeys, absent));
        absent = await read(database, absent);
        // Since a rotation, another master key wraps new keys.
        if (absent.length > 0) await openLedgerKey(database, masterKeys);
      }
    },
    forget(subject, erasedAt) {
      dropped += 1;
      keys.set(subject, { kind: 'ERASED', erasedAt });
    },
    clear() {
      dropped += 1;
      keys.clear();
    },
  };
}

async function toKnown(
  masterKeys: MasterKeys,
  { subject, masterKey, wrapped, erasedAt }: KeyRow,
): Promise<KnownKey> {
  if (masterKey === null || wrapped === null) return { kind: 'ERASED', erasedAt: erasedAt ?? '' };
  if (masterKeys.find(masterKey) === undefined) await masterKeys.reload();
  const key = createSecretKey(unwrapKey(masterKeys, { masterKey, wrapped }, subject));
  return { kind: 'KEY', key };
}

function newKeys(
  masterKeys: MasterKeys,
  subjects: readonly string[],
): ReadonlyMap<string, WrappedKey> {
  const current = masterKeys.current();
  return new Map(
    subjects.map((subject) => [subject, wrapKey(current, randomBytes(dataKeyBytes), subject)]),
  );
}

/** Runs one read at a time for all readers; those that ask meanwhile share the next one. */
function createCollector(read: (subjects: readonly string[]) => Promise<void>) {
  let requested = new Set<string>();
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  return (subjects: readonly string[]): Promise<void> => {
    for (const subject of subjects) requested.add(subject);
    if (next !== null) return next;
    next = last
      .catch(() => {})
      .then(() => {
        const all = [...requested];
        requested = new Set();
        next = null;
        return read(all);
      });
    last = next;
    return next;
  };
}
