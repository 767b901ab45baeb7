import { createHmac, createSecretKey } from 'node:crypto';
import type { JsonObject } from '../kernel/event.ts';
import { isSealed, type Sealed } from '../kernel/personal.ts';
import { createDataKeys, type DataKeys, type DataKeysOptions, type KnownKey } from './data-keys.ts';
import { eraseForgotten } from './key-table.ts';
import { openLedgerKey } from './ledger-key.ts';
import { SealBrokenError, type SealedPlace, unseal } from './seal.ts';

/** A value, or the promise of one that has to be read first. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** The data keys of people, and what is done with them. */
export interface KeyRing extends DataKeys {
  /**
   * The text of a sealed value; null if the person was forgotten. `event`: the id of the event in
   * which it was found; null for a document, whose values name theirs. Throws `SealBrokenError`.
   */
  open(sealed: Sealed, field: string, event: string | null): MaybePromise<string | null>;
  /** A JSON object with all its sealed members opened; the same object if it has none. */
  openMembers(data: JsonObject, event: string | null): MaybePromise<JsonObject>;
  /** The time at which a person was forgotten; null if it was not. */
  erasedAt(subject: string): Promise<string | null>;
  /** A fingerprint that gives no hint of the content to anyone without the key of the log. */
  fingerprint(content: string): string;
}

/**
 * Opens the keys of a migrated database. Destroys the keys of forgotten people that a restored
 * backup has brought back. Throws `MasterKeyError` if the master key is not the one of the
 * database.
 */
export async function openKeyRing(options: DataKeysOptions): Promise<KeyRing> {
  const { database, masterKeys } = options;
  const ledgerKey = createSecretKey(await openLedgerKey(database, masterKeys));
  await eraseForgotten(database);
  const keys = createDataKeys(options);
  const open = createOpen(keys);
  return {
    ...keys,
    open,
    openMembers(data, event) {
      const names = Object.keys(data).filter((name) => isSealed(data[name]));
      if (names.length === 0) return data;
      const texts = names.map((name) => open(data[name] as Sealed, name, event));
      return texts.some((text) => text instanceof Promise)
        ? Promise.all(texts).then((all) => withMembers(data, names, all))
        : withMembers(data, names, texts as readonly (string | null)[]);
    },
    async erasedAt(subject) {
      if (keys.known(subject) === undefined) await keys.find([subject]);
      const known = keys.known(subject);
      return known?.kind === 'ERASED' ? known.erasedAt : null;
    },
    fingerprint: (content) =>
      `hmac-sha256:${createHmac('sha256', ledgerKey).update(content).digest('hex')}`,
  };
}

function createOpen(keys: DataKeys): KeyRing['open'] {
  return (sealed, field, event) => {
    const place = { event: event ?? sealed.event ?? '', field };
    const known = keys.known(sealed.subject);
    // Another process may have created a key that was absent here.
    if (known !== undefined && known.kind !== 'ABSENT') return openWith(known, sealed, place);
    return keys.find([sealed.subject]).then(() => {
      const found = keys.known(sealed.subject) ?? { kind: 'ABSENT' };
      return openWith(found, sealed, place);
    });
  };
}

function openWith(known: KnownKey, sealed: Sealed, place: SealedPlace): string | null {
  if (known.kind === 'ERASED') return null;
  if (known.kind === 'KEY') return unseal(known.key, sealed, place);
  throw new SealBrokenError(place, `the key of ${sealed.subject} is missing in personal_keys`);
}

function withMembers(
  data: JsonObject,
  names: readonly string[],
  texts: readonly (string | null)[],
): JsonObject {
  const opened: Record<string, JsonObject[string]> = { ...data };
  for (const [index, name] of names.entries()) opened[name] = texts[index] ?? null;
  return opened;
}
