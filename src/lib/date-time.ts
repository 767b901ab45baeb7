/**
 * Times are text: RFC 3339, UTC, six fractional digits. Such texts sort in the order of time and
 * keep the full precision of PostgreSQL's timestamptz. A JS Date would lose the microseconds.
 */

/**
 * Matches RFC 3339 times, but makes the required parts optional so that a missing one can be
 * reported. Section 5.6 of the RFC allows a space instead of the T.
 */
const pattern =
  /^(\d{4}-\d{2})-(\d{2})(?:[Tt ](\d{2}:\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})?)?$/;

/** The canonical text of any RFC 3339 time; null if `dateTimeFault` finds a fault in it. */
export function parseDateTime(input: string): string | null {
  const parts = partsOf(input);
  return parts === null || faultOf(parts) !== null ? null : toCanonical(parts);
}

/** Why a text is not an RFC 3339 time with at most six fractional digits; null if it is one. */
export function dateTimeFault(input: string): string | null {
  const parts = partsOf(input);
  const given = JSON.stringify(input.slice(0, shownMax));
  if (parts === null) return `${given} is not a time like "2026-11-23T12:00:00.000000Z"`;
  const fault = faultOf(parts);
  if (fault !== null) return `${given} ${fault}`;
  return toCanonical(parts) === null ? `${given} is not in the years 0001 to 9999 of UTC` : null;
}

const shownMax = 50;

interface Parts {
  readonly month: string;
  readonly day: string;
  /** Hours and minutes; absent, like all following members, if there is only a day. */
  readonly clock: string | undefined;
  readonly second: string;
  readonly fraction: string;
  readonly offset: string | undefined;
}

function partsOf(input: string): Parts | null {
  const match = pattern.exec(input);
  if (match === null) return null;
  const [, month = '', day = '', clock, second = '', fraction = '', offset] = match;
  return { month, day, clock, second, fraction, offset };
}

function faultOf({ month, day, clock, second, fraction, offset }: Parts): string | null {
  if (clock === undefined) return `has no time of day: write it like "${month}-${day}T00:00:00Z"`;
  if (offset === undefined) return 'has no offset: end it with Z or an offset like +01:00';
  const days = daysOf(month);
  if (days === null) return `has the month ${month.slice(5)}: months are 01 to 12`;
  if (day === '00' || Number(day) > days) return `has the day ${day}: ${month} has ${days} days`;
  if (second === '60') {
    return 'has the second 60: leap seconds are not supported, use the second before or after';
  }
  if (!isClock(clock) || second > '59') {
    const rule = 'hours are 00 to 23, minutes and seconds 00 to 59';
    return `has the time ${clock}:${second}: ${rule}`;
  }
  if (/[1-9]/.test(fraction.slice(6))) {
    return 'has more than six fractional digits: times are stored to the microsecond';
  }
  if (!isClock(offset.slice(1) || '00:00')) {
    return `has the offset ${offset}: offsets are at most 23:59`;
  }
  return null;
}

function isClock(text: string): boolean {
  return text.slice(0, 2) <= '23' && text.slice(3) <= '59';
}

/** How many days a month like 2026-02 has; null if there is no such month. */
function daysOf(yearAndMonth: string): number | null {
  const [year = 0, month = 0] = yearAndMonth.split('-').map(Number);
  if (month < 1 || month > 12) return null;
  // Uses a year from 2000 to 2399, since JavaScript reads the years 0 to 99 as 1900 to 1999. Leap
  // years repeat every 400 years.
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

/** Null if the time is out of range: PostgreSQL has no year 0, and RFC 3339 has none after 9999. */
function toCanonical({ month, day, clock, second, fraction, offset = 'Z' }: Parts): string | null {
  const milliseconds = Date.parse(`${month}-${day}T${clock}:${second}Z`);
  const utc = new Date(milliseconds - offsetMinutesOf(offset) * 60_000).toISOString();
  return utc.length === 24 && !utc.startsWith('0000')
    ? `${utc.slice(0, 19)}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
    : null;
}

/** The canonical text of a time in milliseconds since 1970, for example `Date.now()`. */
export function fromEpochMs(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}

/** A canonical time in milliseconds since 1970; its microseconds are the fraction. */
export function toEpochMs(time: string): number {
  return Date.parse(`${time.slice(0, 23)}Z`) + Number(time.slice(23, 26)) / 1_000;
}

/** The end of the UTC day of a canonical time: the beginning of the next day. */
export function endOfDay(time: string): string {
  return fromEpochMs(Date.parse(`${time.slice(0, 10)}T00:00:00Z`) + 86_400_000);
}

/** The canonical time `count` microseconds after another one. */
export function addMicroseconds(time: string, count: number): string {
  const micros = Number(time.slice(20, 26)) + count;
  if (micros < 1_000_000) {
    // A concatenated text would keep its parts alive.
    canonical.write(time, 'latin1');
    canonical.write(String(micros).padStart(6, '0'), 20, 'latin1');
    return canonical.toString('latin1');
  }
  const seconds = Date.parse(`${time.slice(0, 19)}Z`) + Math.floor(micros / 1_000_000) * 1000;
  const rest = String(micros % 1_000_000).padStart(6, '0');
  return `${new Date(seconds).toISOString().slice(0, 19)}.${rest}Z`;
}

const canonical = Buffer.from('0000-00-00T00:00:00.000000Z');

function offsetMinutesOf(offset: string): number {
  if (offset === 'Z' || offset === 'z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return offset.startsWith('-') ? -minutes : minutes;
}
