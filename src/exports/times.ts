const printed = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;
const canonical = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.(\d{6})Z$/;

/**
 * A time in UTC as PostgreSQL prints it, as an RFC 3339 time with microseconds. A time that has no
 * such form, such as one before the year 1, stays as it is.
 */
export function toIsoTime(text: string): string {
  const match = printed.exec(text);
  if (match === null) return text;
  const [, day, time, fraction = ''] = match;
  return `${day}T${time}.${fraction.padEnd(6, '0')}Z`;
}

/** The inverse of `toIsoTime`. */
export function toPrintedTime(text: string): string {
  const match = canonical.exec(text);
  if (match === null) return text;
  const [, day, time, digits = ''] = match;
  const fraction = digits.replace(/0+$/, '');
  return `${day} ${time}${fraction === '' ? '' : `.${fraction}`}+00`;
}
