import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DecimalMark, parsePriceText } from '../../src/import/price-text.ts';
import { faultOfSymbol, symbolOfFile } from '../../src/import/symbol-text.ts';
import { parseTimeText, readTimeText } from '../../src/import/time-text.ts';
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
  test('in any notation is midnight of that day in UTC, or null if the day does not exist', () => {
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
        const [m, d, y] = [month, dayOfMonth, pad(year, 4)];
        for (const text of [`${y}/${m}/${d}`, `${d}.${m}.${y}`, `${d}-${name}-${y}`]) {
          expect(parseTimeText(text), text).toBe(expected);
        }
        expect(parseTimeText(`${pad(m, 2)}/${d}/${y}`, 'month-first')).toBe(expected);
        expect(parseTimeText(`${d}-${m}-${y}`, 'day-first')).toBe(expected);
      }),
    );
  });

  test.each([
    ['2024-03-08 00:00:00-05:00', '2024-03-08T05:00:00.000000Z'],
    ['2024-03-08 00:00:00+0100', '2024-03-07T23:00:00.000000Z'],
    ['2024-03-08 00:00 +01', '2024-03-07T23:00:00.000000Z'],
    ['2013-04-28 00:00:00 UTC', '2013-04-28T00:00:00.000000Z'],
    ['2013-04-28T09:30Z', '2013-04-28T09:30:00.000000Z'],
    ['2000-01-03 09:30:00', '2000-01-03T09:30:00.000000Z'],
    ['2000-01-03T09:30:00.1234560', '2000-01-03T09:30:00.123456Z'],
    ['31.12.2024 9:05', '2024-12-31T09:05:00.000000Z'],
    ['12/31/2024 4:00:00 PM', '2024-12-31T16:00:00.000000Z'],
    ['12/31/2024 12:00 am', '2024-12-31T00:00:00.000000Z'],
    ['Jan 19, 2018 16:00', '2018-01-19T16:00:00.000000Z'],
  ])('%s is %s', (text, time) => {
    expect(parseTimeText(text, 'month-first')).toBe(time);
  });

  test.each([
    ['', 'the date is empty'],
    ['01/17/18', 'the year has two digits'],
    ['17.01.18', 'the year has two digits'],
    ['19-Jan-18 10:00', 'the year has two digits'],
    ['2000-01-03 09:30:60', 'the second is 60'],
    ['2000-01-03 09:30:00.1234567', 'finer than a microsecond'],
    ['1704067200', 'a number without a known unit'],
    ['2024-02-30', 'not exist in the calendar'],
    ['31/04/2024', 'not exist in the calendar'],
    ['17/01/2018', 'has the day first, but the file is read with the month first'],
    ['2000-01-03 25:00', 'the time of day is not like 09:30:00'],
    ['2000-01-03 09:30 EST', 'the time zone is a name'],
    ['yesterday', 'not a date like 2000-01-31'],
    ['9'.repeat(100_000), 'not a date like 2000-01-31'],
  ])('%.40s is refused with the rule: %s', (text, rule) => {
    expect(readTimeText(text, 'month-first')).toEqual({ fault: expect.stringContaining(rule) });
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

  test('with two readings or without a day is null', () => {
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
      '2000-01-03 24:00',
      '2000-01-03T09:30:00 EST',
      '946684800',
      '0000-01-01',
      'now',
    ];
    for (const text of [...others, ...strange]) expect(parseTimeText(text), text).toBeNull();
  });

  test('is never guessed from another text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const time = parseTimeText(text);
        expect(time === null || /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/.test(time)).toBe(true);
      }),
    );
  });
});

const digitsOf = (text: string, mark: DecimalMark = 'point') => {
  const read = parsePriceText(text, mark);
  return 'price' in read ? read.price : null;
};

describe('a price', () => {
  test('of plain digits stays as written unless it is zero', () => {
    const digits = fc.tuple(fc.bigInt(0n, 10n ** 20n - 1n), fc.stringMatching(/^\d{1,18}$/));
    fc.assert(
      fc.property(digits, ([whole, fraction]) => {
        const isZero = whole === 0n && /^0+$/.test(fraction);
        const expected = isZero ? null : `${whole}.${fraction}`;
        expect(digitsOf(`${whole}.${fraction}`)).toBe(expected);
        expect(digitsOf(`${whole},${fraction}`, 'comma')).toBe(expected);
        expect(digitsOf(String(whole))).toBe(whole === 0n ? null : String(whole));
      }),
    );
  });

  test('in groups of three has the value of its digits, in both notations', () => {
    const groups = fc.array(fc.stringMatching(/^\d{3}$/), { minLength: 1, maxLength: 5 });
    const separator = fc.constantFrom(' ', '\u{a0}', '\u{202f}', "'", '’', 'mark');
    const first = fc.integer({ min: 1, max: 999 });
    fc.assert(
      fc.property(first, groups, separator, (start, rest, between) => {
        const plain = `${start}${rest.join('')}.50`;
        for (const mark of ['point', 'comma'] as const) {
          const [group, sign] = mark === 'point' ? [',', '.'] : ['.', ','];
          const text = [start, ...rest].join(between === 'mark' ? group : between);
          expect(digitsOf(`${text}${sign}50`, mark)).toBe(plain);
        }
      }),
    );
  });

  test('is null for any other text', () => {
    const whole = /^(?:0|[1-9]\d*|[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+))(?:\.\d+)?$/;
    const odd = fc.stringMatching(/^[0-9.,eE+\- ]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(odd, fc.string()), (text) => {
        fc.pre(!/\p{Sc}|[A-Z]{3}/u.test(text));
        expect(digitsOf(text) !== null, text).toBe(whole.test(text) && /[1-9]/.test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['', 'the price is empty'],
    ['-1.50', 'the price is negative'],
    ['1.50-', 'the price is negative'],
    ['-$1.50', 'the price is negative'],
    ['0.000', 'the price is zero'],
    ['1.5e3', 'the price has an exponent'],
    ['1.469,25', 'the price has a decimal comma, but the file is read with a decimal point'],
    ['12.', 'not a price'],
    ['.5', 'not a price'],
    ['NaN', 'not a price'],
    ['(1.50)', 'not a price'],
    ['1.50%', 'not a price'],
    ['0,469', 'the price has a decimal comma'],
    ['007', 'begins with an extra zero'],
    ['1,23,456.78', 'not grouped in threes'],
    ['1,234 567', 'not grouped in threes'],
    ['₿5', 'an unknown currency sign'],
    ['123456789012345678901', 'the price has 21 digits before the decimal mark'],
    ['1.1234567890123456789', 'the price has 19 digits after the decimal mark'],
  ])('%j is refused with the rule: %s', (text, rule) => {
    expect(parsePriceText(text, 'point')).toEqual({ fault: expect.stringContaining(rule) });
  });

  test.each([
    ['$1,234.50', '$', '1234.50'],
    ['12.50 €', '€', '12.50'],
    ['EUR\u{a0}12.50', 'EUR', '12.50'],
    ['12.50', null, '12.50'],
  ])('%j has the currency %j', (text, currency, price) => {
    expect(parsePriceText(text, 'point')).toEqual({ price, currency });
  });
});

describe('a symbol', () => {
  test.each([
    ['MSFT', null],
    ['BRK.B', null],
    ['', 'the symbol is empty'],
    ['A'.repeat(21), 'the symbol has 21 characters: at most 20 are allowed'],
    ['^GSPC', 'the symbol begins with "^": the first character must be A-Z or 0-9'],
    ['MSFT (1)', 'the symbol has the character " "'],
    ['金', 'the symbol has the character "金"'],
    ['msft', 'the symbol has lowercase letters: write "MSFT"'],
  ])('%j breaks the rule: %s', (text, rule) => {
    const fault = faultOfSymbol(text);
    if (rule === null) expect(fault).toBeNull();
    else expect(fault).toContain(rule);
  });

  test.each([
    ['data/sp500-2000.csv', 'SP500-2000'],
    ['brk.b.csv', 'BRK.B'],
    ['MSFT (1).csv', 'MSFT (1)'],
    ['straße.csv', 'STRAßE'],
  ])('from the name of the file %s would be %s', (file, symbol) => {
    expect(symbolOfFile(file)).toBe(symbol);
  });
});

test('offending text is shortened and cannot drive a terminal', () => {
  expect(toVisible('a\u001b[2J\u202eb\nc')).toBe('"a\u{fffd}[2J\u{fffd}b c"');
  expect(toVisible('x'.repeat(100))).toBe(`"${'x'.repeat(40)}"…`);
});
