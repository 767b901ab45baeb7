import { parseDateTime } from '../lib/date-time.ts';

const months = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august'],
  ...['september', 'october', 'november', 'december'],
];
const monthFirst = /^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})$/i;
const dayFirst = /^(\d{1,2}) ([a-z]{3,9})\.?,? (\d{4})$/i;
const yearFirst = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The canonical time of "2000-01-03", "Jan 3 2000", "3 Jan 2000" (00:00 UTC) or an RFC 3339 time.
 * Null: anything else, also a day that is not in the calendar and 01/02/2000, which has two readings.
 */
export function parseTimeText(text: string): string | null {
  return parseDateTime(toDayStart(text) ?? text);
}

function toDayStart(text: string): string | null {
  if (yearFirst.test(text)) return `${text}T00:00:00Z`;
  const [, month, day, year] = monthFirst.exec(text) ?? reorder(dayFirst.exec(text));
  if (month === undefined || day === undefined) return null;
  const name = month.toLowerCase();
  const index = months.findIndex((full) => full === name || full.slice(0, 3) === name);
  if (index === -1) return null;
  return `${year}-${String(index + 1).padStart(2, '0')}-${day.padStart(2, '0')}T00:00:00Z`;
}

function reorder(match: RegExpExecArray | null): readonly (string | undefined)[] {
  return match === null ? [] : [match[0], match[2], match[1], match[3]];
}
