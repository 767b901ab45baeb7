import pg from 'pg';

type Parse = (text: string) => unknown;

const textArrayOid: number = 1009;
const parseTextArray: (text: string) => readonly (string | null)[] =
  pg.types.getTypeParser(textArrayOid);

/**
 * The parsers of PostgreSQL values, for one connection and not for the whole process: int8 as a
 * number that must be exact, numeric and dates as text, times as RFC 3339 in UTC with six
 * fractional digits, JSON parsed; arrays likewise. The session must use UTC and the ISO date style.
 */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format === 'binary' ? undefined : parsers.get(oid)) ??
    pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/** Parses an int8. Throws if a JavaScript number would lose digits. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} exceeds 2^53 - 1`);
  return value;
}

/**
 * Parses a timestamptz as PostgreSQL prints it in UTC ('2026-11-23 20:55:57.12+00'), without
 * trailing zeros. Throws for values outside RFC 3339: infinity, years before 1 and after 9999.
 */
export function parseTimestamptz(text: string): string {
  const end = text.length - 3;
  const shaped = end >= 19 && end <= 26 && text[10] === ' ' && text.endsWith('+00');
  if (!shaped) throw new RangeError(`timestamptz ${text} is not a UTC time in years 1 to 9999`);
  const fraction = end === 19 ? '' : text.slice(20, end);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(6, '0')}Z`;
}

function arrayOf(parse: Parse): Parse {
  return (text) => parseTextArray(text).map((item) => (item === null ? null : parse(item)));
}

const asText: Parse = (text) => text;
const parseJson: Parse = (text) => JSON.parse(text);

/** The parsers by object id of the type; those of built-in types are the same in every server. */
const parsers = new Map<number, Parse>([
  [20, parseInt8],
  [1016, arrayOf(parseInt8)],
  [1700, asText],
  [1231, arrayOf(asText)],
  [1184, parseTimestamptz],
  [1185, arrayOf(parseTimestamptz)],
  [1082, asText],
  [1182, arrayOf(asText)],
  [1114, asText],
  [1115, arrayOf(asText)],
  [114, parseJson],
  [199, arrayOf(parseJson)],
  [3802, parseJson],
  [3807, arrayOf(parseJson)],
  [2951, arrayOf(asText)],
]);
