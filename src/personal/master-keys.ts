import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { decrypt, encrypt } from './aes.ts';

/** A key that wraps data keys. It is never in the database. */
export interface MasterKey {
  /** Names the key without revealing it: the beginning of a hash. */
  readonly id: string;
  readonly key: KeyObject;
}

/** The master keys of a program. All of them unwrap. */
export interface MasterKeys {
  /** The key that a rotation makes the one that wraps. */
  first(): MasterKey;
  /** The key that wraps new keys: the first one, or the one of the database. */
  current(): MasterKey;
  find(id: string): MasterKey | undefined;
  /** Wraps new keys by the master key of the database. */
  use(id: string): void;
  /** Reads the keys again where they are kept, because one of them is missing. */
  reload(): Promise<void>;
}

/** A wrapped data key, and the id of the master key that wraps it. */
export interface WrappedKey {
  readonly masterKey: string;
  readonly wrapped: Buffer;
}

/** A master key is missing, wrong or malformed; the message says which and what to do. */
export class MasterKeyError extends Error {
  readonly code = 'MASTER_KEY';
}

export const masterKeyBytes = 32;
/** The length of a key that a master key wraps. */
export const dataKeyBytes = 32;

/**
 * Parses master keys: each 32 bytes in base64 or base64url, separated by white space or commas, the
 * one that wraps first. Throws `MasterKeyError`; `source` names where the text is from.
 */
export function parseMasterKeys(text: string, source: string): readonly MasterKey[] {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => toMasterKey(part, source));
  if (keys.length > 0) return keys;
  throw new MasterKeyError(`${source} has no master key: it must have 32 bytes in base64`);
}

function toMasterKey(text: string, source: string): MasterKey {
  const bytes = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : null;
  if (bytes?.length !== masterKeyBytes) {
    throw new MasterKeyError(`${source} has a master key that is not 32 bytes in base64`);
  }
  return { id: idOf(bytes), key: createSecretKey(bytes) };
}

function idOf(bytes: Buffer): string {
  const hash = createHash('sha256').update('daybook master key').update(bytes);
  return hash.digest('hex').slice(0, 16);
}

/** `read` returns the keys as they are kept now. */
export function createMasterKeys(
  first: readonly MasterKey[],
  read: () => Promise<readonly MasterKey[]> = async () => first,
): MasterKeys {
  let keys = first;
  let used: string | null = null;
  const find = (id: string) => keys.find((key) => key.id === id);
  const firstKey = () => {
    const [key] = keys;
    if (key === undefined) throw new MasterKeyError('there is no master key');
    return key;
  };
  return {
    first: firstKey,
    current: () => (used === null ? undefined : find(used)) ?? firstKey(),
    find,
    use(id) {
      used = id;
    },
    async reload() {
      keys = await read();
    },
  };
}

/** Wraps a data key. `name` is what it is for: it unwraps under no other name. */
export function wrapKey({ id, key }: MasterKey, dataKey: Buffer, name: string): WrappedKey {
  return { masterKey: id, wrapped: encrypt(key, dataKey, toContext(name)) };
}

/** Unwraps a data key; throws `MasterKeyError`. */
export function unwrapKey(keys: MasterKeys, { masterKey, wrapped }: WrappedKey, name: string) {
  const found = keys.find(masterKey);
  const unwrapped = found && decrypt(found.key, wrapped, toContext(name));
  if (unwrapped) return unwrapped;
  const lack = found === undefined ? 'which this server does not have' : 'but were changed';
  throw new MasterKeyError(
    `the keys of personal data in this database are wrapped by master key ${masterKey}, ${lack}: ` +
      'give that key in DAYBOOK_MASTER_KEY or DAYBOOK_MASTER_KEY_FILE',
  );
}

function toContext(name: string): string {
  return `daybook data key ${name}`;
}
