import type { JsonObject } from '../kernel/event.ts';
import { isSealed, type PersonalText, personErased } from '../kernel/personal.ts';
import type { KeyRing, MaybePromise } from '../personal/key-ring.ts';
import { SealBrokenError } from '../personal/seal.ts';
import type { Reads } from '../views/watching/reads.ts';
import { toApiError } from './engine-errors.ts';

/**
 * Opens personal texts for resolvers. An answer that has any is not for caches, because it changes
 * when the person is forgotten; a live query that has any is executed again then.
 */
export interface PersonalReads {
  /**
   * The text of a personal field; null if it has none or if the person was forgotten. `event`: the
   * id of the event that has the field.
   */
  openText(value: PersonalText, field: string, event: string): MaybePromise<string | null>;
  /** The text of a member of a document about a person, which must be that person's own. */
  openOwn(value: PersonalText, field: string, subject: string): MaybePromise<string | null>;
  /** The data of an event with its personal texts. */
  openData(event: { readonly id: string; readonly data: JsonObject }): MaybePromise<JsonObject>;
  /** A recorded input, or a document, with its personal texts. */
  openDocument(document: JsonObject): MaybePromise<JsonObject>;
  /** The time at which a person was forgotten; null if it was not. */
  erasedAt(subject: string): Promise<string | null>;
}

/** `noted` returns what takes notes for a live query, null if nothing does. */
export function createPersonalReads(keys: KeyRing, noted: () => Reads | null) {
  let hasRead = false;
  function note(): void {
    hasRead = true;
    noted()?.events({ types: [personErased] }, { limit: 1 }, 0);
  }
  function openMembers(data: JsonObject, event: string | null): MaybePromise<JsonObject> {
    const opened = guarded(() => keys.openMembers(data, event));
    if (opened !== data) note();
    return opened;
  }
  const reads: PersonalReads = {
    openText(value, field, event) {
      if (!isSealed(value)) return value;
      note();
      return guarded(() => keys.open(value, field, event));
    },
    openOwn(value, field, subject) {
      if (!isSealed(value)) return value;
      note();
      return guarded(() => {
        const { event = '' } = value;
        if (value.subject === subject) return keys.open(value, field, null);
        throw new SealBrokenError({ event, field }, `it is not about ${subject}`);
      });
    },
    openData: ({ id, data }) => openMembers(data, id),
    openDocument: (document) => openMembers(document, null),
    erasedAt(subject) {
      note();
      return keys.erasedAt(subject);
    },
  };
  return { reads, hasRead: () => hasRead };
}

/** Runs the work; throws the errors for clients, at once or later. */
function guarded<Value>(work: () => MaybePromise<Value>): MaybePromise<Value> {
  try {
    const value = work();
    return value instanceof Promise ? value.catch(fail) : value;
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): never {
  throw toApiError(error);
}
