import type { KeyObject } from 'node:crypto';
import type { Sealed } from '../kernel/personal.ts';
import { decrypt, encrypt } from './aes.ts';

/** The place of a personal text: it opens nowhere else. */
export interface SealedPlace {
  /** The id of the event. */
  readonly event: string;
  /** The name of the field in the data of the event. */
  readonly field: string;
}

/** A sealed text was changed, was moved to another place, or lacks its key. */
export class SealBrokenError extends Error {
  readonly code = 'PERSONAL_DATA_UNREADABLE';
  constructor({ event, field }: SealedPlace, why: string) {
    super(`the personal text ${field} of event ${event} cannot be opened: ${why}`);
  }
}

/** Seals a text with the data key of its subject. Sealing the same text again differs. */
export function seal(
  key: KeyObject,
  text: string,
  { subject, event, field }: SealedPlace & { readonly subject: string },
): Sealed {
  const sealed = encrypt(key, text, toContext(subject, event, field));
  return { sealed: sealed.toString('base64url'), subject };
}

/** Opens a sealed text; throws `SealBrokenError`. */
export function unseal(key: KeyObject, { sealed, subject }: Sealed, place: SealedPlace): string {
  const context = toContext(subject, place.event, place.field);
  const plain = decrypt(key, Buffer.from(sealed, 'base64url'), context);
  if (plain === null) throw new SealBrokenError(place, 'it was changed, or moved from elsewhere');
  return plain.toString();
}

/** No two places have the same text: an event is a UUID, and the name of a field has one line. */
function toContext(subject: string, event: string, field: string): string {
  return `1\n${event}\n${field}\n${subject}`;
}
