import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultOfPrice } from '../../src/import/price-text.ts';
import { toSymbol } from '../../src/import/symbol-text.ts';
import { parseTimeText } from '../../src/import/time-text.ts';
import { toVisible } from '../../src/import/visible.ts';

const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const day = fc.record({
  year: fc.integer({ min: 1, max: 9999 }),
  month: fc.integer({ min: 1, max: 12 }),
  day: fc.integer({ min: 1, max: 31 }),
});

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

describe('a date', () => {
  test('in any of its writings is the midnight of that day in UTC, or null if there is none', () => {
    const pad = (value: number, width: number) => String(value).padStart(width, '0');
    fc.assert(
      fc.property(day, ({ year, month, day: dayOfMonth }) => {
        const iso = `${pad(year, 4)}-${pad(month, 2)}-${pad(dayOfMonth, 2)}`;
        const isThere = dayOfMonth <= daysIn(year, month);
        const expected = isThere ? `${iso}T00:00:00.000000Z` : null;
        const name = names[month - 1];
        for (const text of [
          iso,
          `${name} ${dayOfMonth} ${pad(year, 4)}`,
          `${name?.toUpperCase()} ${pad(dayOfMonth, 2)}, ${pad(year, 4)}`,
          `${dayOfMonth} ${name} ${pad(year, 4)}`,
        ]) {
          expect(parseTimeText(text), text).toBe(expected);
        }
      }),
    );
  });

  test('does not depend on the time zone of the machine', () => {
    const { TZ } = process.env;
    try {
      for (const zone of ['Pacific/Kiritimati', 'America/Los_Angeles', 'Asia/Kolkata']) {
        process.env['TZ'] = zone;
        expect(parseTimeText('Jan 1 2000')).toBe('2000-01-01T00:00:00.000000Z');
      }
    } finally {
      if (TZ === undefined) delete process.env['TZ'];
      else process.env['TZ'] = TZ;
    }
  });

  test('with a time is RFC 3339, to the microsecond', () => {
    expect(parseTimeText('2000-01-03T09:30:00.123456-05:00')).toBe('2000-01-03T14:30:00.123456Z');
  });

  test('that has two readings, or no day, is none', () => {
    const others = [
      '',
      '01/02/2000',
      '2000-1-3',
      'Jan 2000',
      'Feb 30 2000',
      '2001-02-29',
      'Jän 1 2000',
    ];
    const strange = [
      '2000-01-03 09:30:00',
      '2000-01-03T09:30:00',
      '946684800',
      '0000-01-01',
      'now',
    ];
    for (const text of [...others, ...strange]) expect(parseTimeText(text), text).toBeNull();
  });

  test('is never guessed from any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const time = parseTimeText(text);
        expect(time === null || /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/.test(time)).toBe(true);
      }),
    );
  });
});

describe('a price', () => {
  test('of plain digits is one unless it is zero', () => {
    const digits = fc.tuple(fc.bigInt(0n, 10n ** 20n - 1n), fc.stringMatching(/^\d{1,18}$/));
    fc.assert(
      fc.property(digits, ([whole, fraction]) => {
        const isZero = whole === 0n && /^0+$/.test(fraction);
        expect(faultOfPrice(`${whole}.${fraction}`) === null).toBe(!isZero);
        expect(faultOfPrice(String(whole)) === null).toBe(whole !== 0n);
      }),
    );
  });

  test('is nothing else', () => {
    const plain = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;
    const odd = fc.stringMatching(/^[0-9.,eE+\- ]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (text) => {
        expect(faultOfPrice(text) === null).toBe(plain.test(text) && /[1-9]/.test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['', 'empty'],
    ['-1.50', 'negative'],
    ['0.000', 'zero'],
    ['1.5e3', 'exponent'],
    ['1,469.25', 'thousands'],
    ['12.', 'no decimal'],
    ['NaN', 'no decimal'],
    ['123456789012345678901', 'no decimal'],
  ])('%j is refused with the reason: %s', (text, reason) => {
    expect(faultOfPrice(text)).toContain(reason);
  });
});

describe('a symbol from the name of a file', () => {
  test.each([
    ['data/sp500-2000.csv', 'SP500-2000'],
    ['brk.b.csv', 'BRK.B'],
    ['my prices.csv', 'MY-PRICES'],
    ['_gold', 'GOLD'],
    ['ünder.csv', 'NDER'],
    ['金.csv', null],
    ['a-name-of-over-twenty-characters.csv', null],
  ])('of %s is %s', (file, symbol) => {
    expect(toSymbol(file)).toBe(symbol);
  });
});

test('offending text is shortened and cannot drive a terminal', () => {
  expect(toVisible('a\u001b[2J\u202eb\nc')).toBe('"a\u{fffd}[2J\u{fffd}b c"');
  expect(toVisible('x'.repeat(100))).toBe(`"${'x'.repeat(40)}"…`);
});
