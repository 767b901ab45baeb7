import { isCleanText } from '../lib/clean-text.ts';
import { parseUuid } from '../lib/uuid.ts';
import { badInput } from './errors.ts';

const textLengthMax = 200;
const idLengthMax = 200;

/** Text of a command that has to say something; BAD_USER_INPUT otherwise. */
export function parseText(name: string, value: string): string {
  if (value.trim() === '') badInput(`${name} is empty`);
  return parseOptionalText(name, value) ?? '';
}

/** Text that may be absent or empty, but neither too long nor unfit to be stored. */
export function parseOptionalText(
  name: string,
  value: string | null | undefined,
  lengthMax = textLengthMax,
): string | null {
  if (value == null) return null;
  if (value.length > lengthMax) badInput(`${name} has more than ${lengthMax} characters`);
  if (!isCleanText(value)) badInput(`${name} has a NUL or half a character in it`);
  return value;
}

/** The id of something that exists or not: a UUID in lower case, else the text as it is. */
export function parseId(name: string, value: string): string {
  return parseUuid(value) ?? parseOptionalText(name, value, idLengthMax) ?? '';
}

/** The id of something new. */
export function parseNewId(name: string, value: string | null | undefined): string | null {
  if (value == null) return null;
  return (
    parseUuid(value) ?? badInput(`${name} is a UUID, like "0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f"`)
  );
}
