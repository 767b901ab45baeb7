import type { Json } from './event.ts';

/**
 * A personal text, readable only with the data key of the person whose it is. Inside the engine a
 * personal text is always sealed; it is opened where it leaves the server.
 *
 * A type and not an interface, so that it is JSON.
 */
export type Sealed = {
  /** Nonce, ciphertext and tag of AES-256-GCM, in base64url. */
  readonly sealed: string;
  /** The person whose data key opens it. */
  readonly subject: string;
  /** The id of the event that it is from; absent in that event. */
  readonly event?: string;
};

/**
 * The value of a personal field. Commands record plain text, and the engine seals it. Only events
 * of schema versions before the field was personal have plain text in the log. Null: no text was
 * given, or the person had been forgotten already.
 */
export type PersonalText = string | Sealed | null;

/** What is known about an event when it is recorded. */
export interface Recording {
  readonly streamId: string;
  /** The state of the stream before the event. */
  readonly state: unknown;
}

/** Says whose a personal field is: the id of a person. Pure. */
export type SubjectOf = (recording: Recording) => string;

/**
 * The value of a personal field for a state or a document: it opens only together with the event
 * that it is from. The member that keeps it must have the name of the field.
 */
export function keepSealed(value: PersonalText, event: string): PersonalText {
  return isSealed(value) ? { ...value, event } : value;
}

/** A sealed text is an object, so no text that a client gave can be taken for one. */
export function isSealed(value: Json | undefined): value is Sealed {
  return typeof value === 'object' && value !== null && 'sealed' in value;
}

/** The category of the streams of people; the id of a person follows it. */
export const personCategory = 'person';

/** The type of the event with which a person is forgotten: the data key is destroyed with it. */
export const personErased = 'PersonErased';
