import { parseUuid } from '../lib/uuid.ts';
import { badInput } from './errors.ts';
import { parseOptionalText } from './input.ts';

/**
 * A member of a filter. An absent or null member matches everything. A value whose form can match
 * nothing is BAD_USER_INPUT, because an empty list would look like a valid answer.
 */
type FilterInput<Value> = Value | null | undefined;

export function parseFilterText(name: string, value: FilterInput<string>): string | undefined {
  if (value == null) return undefined;
  if (value.trim() === '') badInput(`${name} must not be empty: omit it to match everything`, name);
  return parseOptionalText(name, value) ?? undefined;
}

/** Parses an id that must be a UUID; returns it in lower case. */
export function parseFilterId(name: string, value: FilterInput<string>): string | undefined {
  if (value == null) return undefined;
  const example = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f';
  return parseUuid(value) ?? badInput(`${name} must be a UUID like "${example}"`, name);
}

/** Parses a list of alternatives, which must not be empty. */
export function parseFilterList<Value>(
  name: string,
  values: FilterInput<readonly Value[]>,
): readonly Value[] | undefined {
  if (values?.length === 0) {
    badInput(`${name} must not be empty: omit it to match everything`, name);
  }
  return values ?? undefined;
}

/** Parses a text by a rule that returns its fault; null if it has none. */
export function parseFilterBy(
  name: string,
  faultOf: (value: string) => string | null,
  value: FilterInput<string>,
): string | undefined {
  if (value == null) return undefined;
  const fault = faultOf(value);
  return fault === null ? value : badInput(fault, name);
}
