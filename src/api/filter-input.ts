import { parseUuid } from '../lib/uuid.ts';
import { badInput } from './errors.ts';
import { parseOptionalText } from './input.ts';

/**
 * Members of filters. Absent and null do not narrow. A value that can match nothing by its form is
 * BAD_USER_INPUT: an empty list would look like an answer.
 */
export type FilterInput<Value> = Value | null | undefined;

export function parseFilterText(name: string, value: FilterInput<string>): string | undefined {
  if (value == null) return undefined;
  if (value.trim() === '') badInput(`${name} is empty: leave it out to have all`);
  return parseOptionalText(name, value) ?? undefined;
}

/** The id of something whose ids are UUIDs, in lower case. */
export function parseFilterId(name: string, value: FilterInput<string>): string | undefined {
  if (value == null) return undefined;
  const example = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f';
  return parseUuid(value) ?? badInput(`${name} is a UUID, like "${example}"`);
}

/** Alternatives, of which one at least has to be given. */
export function parseFilterList<Value>(
  name: string,
  values: FilterInput<readonly Value[]>,
): readonly Value[] | undefined {
  if (values?.length === 0) badInput(`${name} is empty: leave it out to have all`);
  return values ?? undefined;
}

/** A text for which a rule of its own finds faults; null: it has none. */
export function parseFilterBy(
  faultOf: (value: string) => string | null,
  value: FilterInput<string>,
): string | undefined {
  if (value == null) return undefined;
  const fault = faultOf(value);
  return fault === null ? value : badInput(fault);
}
