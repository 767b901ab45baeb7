import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addMicroseconds,
  dateTimeFault,
  endOfDay,
  fromEpochMs,
  parseDateTime,
} from '../../src/lib/date-time.ts';

test.each([
  ['2026-11-23T20:55:57Z', '2026-11-23T20:55:57.000000Z'],
  ['2026-11-23T20:55:57.1Z', '2026-11-23T20:55:57.100000Z'],
  ['2026-11-23T20:55:57.123456Z', '2026-11-23T20:55:57.123456Z'],
  ['2026-11-23T20:55:57.123456000Z', '2026-11-23T20:55:57.123456Z'],
  ['2026-11-23t20:55:57.5z', '2026-11-23T20:55:57.500000Z'],
  ['2026-11-23T20:55:57.000001+01:30', '2026-11-23T19:25:57.000001Z'],
  ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00.000000Z'],
  ['2026-12-31T23:30:00-01:00', '2027-01-01T00:30:00.000000Z'],
  ['2024-02-29T00:00:00-00:00', '2024-02-29T00:00:00.000000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
  ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
  ['2026-11-23 20:55:57Z', '2026-11-23T20:55:57.000000Z'],
  ['2026-11-23 20:55:57.5+01:00', '2026-11-23T19:55:57.500000Z'],
])('%s is read as %s', (input, canonical) => {
  expect(parseDateTime(input)).toBe(canonical);
  expect(dateTimeFault(input)).toBeNull();
});

const isWritten = /^".*" is not a time like "2026-11-23T12:00:00.000000Z"$/;
const isOutside = /" is not in the years 0001 to 9999 of UTC$/;

test.each([
  ['', isWritten],
  ['now', isWritten],
  ['2026-11-23', /" has no time of day: write it like "2026-11-23T00:00:00Z"$/],
  ['2026-11-23T20:55:57', /" has no offset: end it with Z or an offset like \+01:00$/],
  ['2026-11-23  20:55:57Z', isWritten],
  ['2026-11-23_20:55:57Z', isWritten],
  ['2026-11-23T20:55Z', isWritten],
  ['2026-11-23T20:55:57.Z', isWritten],
  [
    '2026-11-23T20:55:57.1234567Z',
    /more than six fractional digits: times are stored to the microsecond$/,
  ],
  ['2026-11-23T20:55:57+1:00', isWritten],
  ['2026-11-23T20:55:57+24:00', / has the offset \+24:00: offsets are at most 23:59$/],
  ['2026-11-23T20:55:57+00:60', / has the offset \+00:60: offsets are at most 23:59$/],
  ['2026-02-29T00:00:00Z', / has the day 29: 2026-02 has 28 days$/],
  ['2024-02-30T00:00:00Z', / has the day 30: 2024-02 has 29 days$/],
  ['1900-02-29T00:00:00Z', / has the day 29: 1900-02 has 28 days$/],
  ['2026-02-30T00:00:00Z', / has the day 30: 2026-02 has 28 days$/],
  ['2026-04-31T00:00:00Z', / has the day 31: 2026-04 has 30 days$/],
  ['2026-01-00T00:00:00Z', / has the day 00: 2026-01 has 31 days$/],
  ['2026-13-01T00:00:00Z', / has the month 13: months are 01 to 12$/],
  ['2026-00-01T00:00:00Z', / has the month 00: months are 01 to 12$/],
  [
    '2026-11-23T24:00:00Z',
    / has the time 24:00:00: hours are 00 to 23, minutes and seconds 00 to 59$/,
  ],
  ['2026-11-23T20:60:00Z', / has the time 20:60:00: /],
  ['2026-11-23T20:59:61Z', / has the time 20:59:61: /],
  [
    '2026-06-30T23:59:60Z',
    / has the second 60: leap seconds are not supported, use the second before or after$/,
  ],
  ['9999-12-31T23:59:59-00:01', isOutside],
  ['0001-01-01T00:00:00+00:01', isOutside],
  ['0000-01-01T00:00:00Z', isOutside],
  ['-2026-11-23T20:55:57Z', isWritten],
  ['+12026-11-23T20:55:57Z', isWritten],
  [' 2026-11-23T20:55:57Z', isWritten],
  ['2026-11-23T20:55:57Z\n', isWritten],
] as const)('%j is not a time', (input, reason) => {
  expect(parseDateTime(input)).toBeNull();
  expect(dateTimeFault(input)).toMatch(reason);
});

const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });

/** Computed in whole microseconds, unlike in the code under test. */
function toText(since1970: bigint): string {
  const million = 1_000_000n;
  const rest = ((since1970 % million) + million) % million;
  const seconds = new Date(Number((since1970 - rest) / 1_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(rest).padStart(6, '0')}Z`;
}

test('a canonical time is read as itself, and times have the order of their texts', () => {
  fc.assert(
    fc.property(micros, micros, (a, b) => {
      expect(parseDateTime(toText(a))).toBe(toText(a));
      expect(toText(a) < toText(b)).toBe(a < b);
    }),
  );
});

test('an offset is subtracted', () => {
  const within = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n });
  const minutes = fc.integer({ min: -1_439, max: 1_439 });
  fc.assert(
    fc.property(within, minutes, (at, offset) => {
      const size = Math.abs(offset);
      const [hour, minute] = [Math.floor(size / 60), size % 60].map((it) =>
        String(it).padStart(2, '0'),
      );
      const local = toText(at + BigInt(offset) * 60_000_000n).slice(0, -1);
      expect(parseDateTime(`${local}${offset < 0 ? '-' : '+'}${hour}:${minute}`)).toBe(toText(at));
    }),
  );
});

test('adding microseconds returns a time that is later by exactly that much', () => {
  const start = fc.bigInt({ min: -1_000_000_000_000n, max: 4_000_000_000_000_000n });
  fc.assert(
    fc.property(start, fc.nat(5_000_000), (at, count) => {
      expect(addMicroseconds(toText(at), count)).toBe(toText(at + BigInt(count)));
    }),
  );
});

test('milliseconds since 1970 have six digits as well', () => {
  expect(fromEpochMs(1_795_467_357_123)).toBe(toText(1_795_467_357_123_000n));
});

test.each([
  ['2026-11-23T20:55:57.123456Z', '2026-11-24T00:00:00.000000Z'],
  ['2026-11-23T00:00:00.000000Z', '2026-11-24T00:00:00.000000Z'],
  ['2026-11-23T23:59:59.999999Z', '2026-11-24T00:00:00.000000Z'],
  ['2026-12-31T12:00:00.000000Z', '2027-01-01T00:00:00.000000Z'],
  ['2024-02-28T12:00:00.000000Z', '2024-02-29T00:00:00.000000Z'],
  ['2024-02-29T12:00:00.000000Z', '2024-03-01T00:00:00.000000Z'],
  ['0001-01-01T00:00:00.000000Z', '0001-01-02T00:00:00.000000Z'],
])('the day of %s ends at %s', (time, end) => {
  expect(endOfDay(time)).toBe(end);
});

test('the end of a day is a canonical time after it, at most a day away', () => {
  const dayMicros = 86_400_000_000n;
  const before = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_214_399_999_999n });
  fc.assert(
    fc.property(before, (at) => {
      const rest = ((at % dayMicros) + dayMicros) % dayMicros;
      expect(endOfDay(toText(at))).toBe(toText(at - rest + dayMicros));
    }),
  );
});
