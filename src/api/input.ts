import { isCleanText } from '../lib/clean-text.ts';
import { parseUuid } from '../lib/uuid.ts';
import { badInput } from './errors.ts';
import { parseNodeId } from './node-id.ts';

const textLengthMax = 200;
const idLengthMax = 200;

/** Parses a text that must not be blank; throws BAD_USER_INPUT. */
export function parseText(name: string, value: string): string {
  if (value.trim() === '') badInput(`${name} must not be empty`, name);
  return parseOptionalText(name, value) ?? '';
}

/** Parses a text that may be absent or empty; throws BAD_USER_INPUT if it cannot be stored. */
export function parseOptionalText(
  name: string,
  value: string | null | undefined,
  lengthMax = textLengthMax,
): string | null {
  if (value == null) return null;
  if (value.length > lengthMax)
    badInput(`${name} must have at most ${lengthMax} characters, not ${value.length}`, name);
  if (!isCleanText(value)) {
    badInput(`${name} must not contain a NUL or an unpaired surrogate`, name);
  }
  return value;
}

/**
 * Parses the key of an entity that may exist: a UUID in lower case, or the text as it is. Throws
 * BAD_USER_INPUT for an id as of a moment, which only `Query.node` takes.
 */
export function parseId(name: string, value: string): string {
  const { key, sequence } = parseNodeId(name, value);
  if (sequence !== null) {
    badInput(
      `${name} must be the key "${key}", without the moment that follows "@" in an id`,
      name,
    );
  }
  return parseUuid(value) ?? parseOptionalText(name, value, idLengthMax) ?? '';
}

/** Parses the id that a client gives to a new entity; throws BAD_USER_INPUT. */
export function parseNewId(name: string, value: string | null | undefined): string | null {
  if (value == null) return null;
  return (
    parseUuid(value) ??
    badInput(`${name} must be a UUID like "0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f"`, name)
  );
}
