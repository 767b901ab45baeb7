/**
 * Times are text: RFC 3339, UTC, six fractional digits. Such texts order as the moments they name,
 * and lose nothing of what PostgreSQL's timestamptz holds. A JS Date would cut the microseconds.
 */

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6})0*)?([Zz]|[+-]\d{2}:\d{2})$/;

/** The canonical text of any RFC 3339 time; null when it is not one or is finer than 1 µs. */
export function parseDateTime(input: string): string | null {
  const match = pattern.exec(input);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', offset = 'Z'] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const milliseconds = Date.parse(`${local}Z`);
  if (Number.isNaN(milliseconds) || Number(hour) > 23) return null;
  // Date.parse lets 30 February through as 2 March: what comes back must be what went in.
  if (new Date(milliseconds).toISOString().slice(0, 19) !== local) return null;
  const shift = offsetMinutesOf(offset);
  if (shift === null) return null;
  const utc = new Date(milliseconds - shift * 60_000);
  const whole = utc.toISOString();
  // PostgreSQL knows no year 0, and RFC 3339 none after 9999.
  return whole.length === 24 && !whole.startsWith('0000')
    ? `${whole.slice(0, 19)}.${fraction.padEnd(6, '0')}Z`
    : null;
}

/** The canonical text of a time in milliseconds since 1970, e.g. `Date.now()`. */
export function fromEpochMs(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}000Z`;
}

/** The end of the UTC day of a canonical time: the first moment of the next one. */
export function endOfDay(time: string): string {
  return fromEpochMs(Date.parse(`${time.slice(0, 10)}T00:00:00Z`) + 86_400_000);
}

/** `count` microseconds after a canonical time. */
export function addMicroseconds(time: string, count: number): string {
  const micros = Number(time.slice(20, 26)) + count;
  if (micros < 1_000_000) {
    // Not put together of parts, which would stay alive with it.
    canonical.write(time, 'latin1');
    canonical.write(String(micros).padStart(6, '0'), 20, 'latin1');
    return canonical.toString('latin1');
  }
  const seconds = Date.parse(`${time.slice(0, 19)}Z`) + Math.floor(micros / 1_000_000) * 1000;
  const rest = String(micros % 1_000_000).padStart(6, '0');
  return `${new Date(seconds).toISOString().slice(0, 19)}.${rest}Z`;
}

const canonical = Buffer.from('0000-00-00T00:00:00.000000Z');

function offsetMinutesOf(offset: string): number | null {
  if (offset === 'Z' || offset === 'z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4, 6));
  if (hours > 23 || minutes > 59) return null;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
