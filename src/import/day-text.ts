/** What comes first in a date of three numbers that ends with the year. */
export type DateOrder = 'month-first' | 'day-first';

const months = [
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august'],
  ...['september', 'october', 'november', 'december'],
];
const yearFirst = /^(\d{4})(?:-(\d{2})-(\d{2})|([/.])(\d{1,2})\4(\d{1,2}))$/;
const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/;
const ordered = /^(\d{1,2})([/-])(\d{1,2})\2(\d{4})$/;
const monthNamed = /^([a-z]{3,9})\.? (\d{1,2}),? (\d{4})$/i;
const dayNamed = /^(\d{1,2})(?: ([a-z]{3,9})\.?,? |-([a-z]{3,9})-)(\d{4})$/i;
const twoDigits =
  /^(?:\d{1,2}([/.-])\d{1,2}\1|[a-z]{3,9}\.? \d{1,2},? |\d{1,2}[ -][a-z]{3,9}\.?,?[ -])\d{2}$/i;

/**
 * The day of a date as "2000-01-31", even if the calendar does not have it; null if the text is not
 * a date. `order` applies to dates whose form does not determine it.
 */
export function parseDayText(text: string, order: DateOrder): string | null {
  return readNumbers(text, order) ?? readNames(text);
}

/** Whether the year of a date has two digits, so that its century is unknown. */
export function hasShortYear(text: string): boolean {
  return twoDigits.test(text);
}

function readNumbers(text: string, order: DateOrder): string | null {
  const [, year, month, day, , month1, day1] = yearFirst.exec(text) ?? [];
  if (year !== undefined) return join(year, month ?? month1, day ?? day1);
  const [, dotDay, dotMonth, dotYear] = dotted.exec(text) ?? [];
  if (dotYear !== undefined) return join(dotYear, dotMonth, dotDay);
  const [, first, , second, lastYear] = ordered.exec(text) ?? [];
  if (lastYear === undefined) return null;
  return order === 'month-first' ? join(lastYear, first, second) : join(lastYear, second, first);
}

function readNames(text: string): string | null {
  const [, month, day, year] = monthNamed.exec(text) ?? [];
  if (year !== undefined) return joinNamed(year, month, day);
  const [, firstDay, spaced, hyphened, lastYear] = dayNamed.exec(text) ?? [];
  return lastYear === undefined ? null : joinNamed(lastYear, spaced ?? hyphened, firstDay);
}

function joinNamed(year: string, month = '', day = ''): string | null {
  const name = month.toLowerCase();
  const index = months.findIndex((full) => full === name || full.slice(0, 3) === name);
  return index === -1 ? null : join(year, String(index + 1), day);
}

function join(year: string, month = '', day = ''): string {
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}
