import type { LogValues } from './columns.ts';

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what COPY escapes
const special = /[\\\u0008-\u000d]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what COPY escapes
const specials = /[\\\u0008-\u000d]/g;

/** The line of a row as `COPY … TO STDOUT` prints it in text format, without the newline. */
export function toCopyLine(values: LogValues): string {
  let line = '';
  for (const [index, value] of values.entries()) {
    if (index > 0) line += '\t';
    line += value === null ? '\\N' : escapeText(value);
  }
  return line;
}

function escapeText(value: string): string {
  if (!special.test(value)) return value;
  return value.replaceAll(specials, (character) => escapes[character] ?? character);
}
