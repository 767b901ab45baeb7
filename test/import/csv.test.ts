import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findColumns } from '../../src/import/columns.ts';
import { readRecords } from '../../src/import/csv-records.ts';
import { readLines } from '../../src/import/lines.ts';
import { parseRow } from '../../src/import/parse-row.ts';

async function* inPieces(text: string, size = 7): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

async function collect<Item>(source: AsyncIterable<Item>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}

function records(text: string, size?: number) {
  return collect(readRecords(readLines(inPieces(text, size))));
}

describe('lines', () => {
  test('do not depend on how the text is cut into pieces', async () => {
    const text = fc
      .array(fc.constantFrom('a', '"', ',', '\r', '\n', '\r\n', '\u2028'), { maxLength: 40 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (given, size) => {
        const lines = await collect(readLines(inPieces(given, size)));
        const expected = given.split(/\r\n|\n|\r/);
        if (expected.at(-1) === '') expected.pop();
        expect(lines.map((line) => line.text)).toEqual(expected);
        expect(lines.map((line) => line.number)).toEqual(expected.map((_, index) => index + 1));
      }),
    );
  });

  test('that are too long are cut, and the next line keeps its number', async () => {
    const lines = await collect(readLines(inPieces(`${'x'.repeat(90)}\r\nshort`), 10));
    expect(lines).toEqual([
      { number: 1, text: 'x'.repeat(10), isCut: true },
      { number: 2, text: 'short', isCut: false },
    ]);
  });
});

test('a byte order mark is not part of the first line', async () => {
  const lines = await collect(readLines(inPieces('\ufeffdate\n\ufeffx')));
  expect(lines.map((line) => line.text)).toEqual(['date', '\ufeffx']);
});

describe('records', () => {
  test('have the line on which they begin, after blank lines, CRLF and line breaks in quotes', async () => {
    expect(await records('\ufeff"a",b\r\n\r\n"x\r\n""y""", 1\r\nz,2\n"w,w",3')).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 3, cells: ['x\n"y"', '1'] },
      { line: 5, cells: ['z', '2'] },
      { line: 6, cells: ['w,w', '3'] },
    ]);
  });

  test('after a quote that does not close continue on the next line', async () => {
    expect(await records('a,b\nx,"1\ny,2\n"q"r,3\nz,4\n')).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, fault: 'a quotation mark is not closed', text: 'x,"1' },
      { line: 3, cells: ['y', '2'] },
      { line: 4, fault: 'a quotation mark is not closed', text: '"q"r,3' },
      { line: 5, cells: ['z', '4'] },
    ]);
  });

  test.each([
    ['a;b\n1;2,5', ['1', '2,5']],
    ['a\tb\n"1"\t2', ['1', '2']],
    ['a|b\n1|2', ['1', '2']],
    ['sep=;\r\na;b,c\r\n1;2', ['1', '2']],
    ['sep=\t\na\tb\n1\t2', ['1', '2']],
    ['"sep=|"\na|b\n1|2', ['1', '2']],
    ['"a, in EUR";"b, c, d"\n1;2', ['1', '2']],
  ])('of %j are separated as the first line says', async (text, cells) => {
    const last = (await records(text)).at(-1);
    expect(last).toMatchObject({ cells, line: text.split('\n').length });
  });

  test('are split by the delimiter with which the header can be read', async () => {
    const isHeader = (cells: readonly string[]) => cells.includes('date');
    const lines = readLines(inPieces('note, a, b;date\n1, 2, 3;4\n'));
    expect(await collect(readRecords(lines, isHeader))).toMatchObject([
      { cells: ['note, a, b', 'date'] },
      { line: 2, cells: ['1, 2, 3', '4'] },
    ]);
  });

  test('without any text are skipped', async () => {
    expect(await records('a,b\n1,2\n,\n"",""\n')).toHaveLength(2);
  });
});

describe('columns', () => {
  const none = { price: null, time: null };

  test('are found ignoring case; a price is preferred to a close', () => {
    const header = ['Close', ' DATE ', 'Price', 'Symbol'];
    expect(findColumns(header, none)).toEqual({
      count: 4,
      symbol: 3,
      time: 1,
      clock: null,
      price: 2,
    });
    const chosen = findColumns(header, { price: 'close', time: null });
    expect(chosen.price).toBe(0);
  });

  test('that are missing or duplicate are reported with the existing ones', () => {
    expect(() => findColumns(['date', 'open'], none)).toThrow(
      'has no column "price", "close" or "close/last" (see --price-column); its columns are "date", "open"',
    );
    expect(() => findColumns(['date', 'price', 'PRICE'], none)).toThrow('"price" twice');
  });
});

describe('a row', () => {
  const columns = { count: 3, symbol: 0, time: 1, clock: null, price: 2 };
  const notation = { decimal: 'point', dates: null } as const;
  const rules = { columns, symbol: '', future: '2020-01-01T00:00:00.000000Z', ...notation };
  const parse = (...cells: string[]) => parseRow({ line: 7, cells }, rules);

  test('keeps the price as written', () => {
    expect(parse('MSFT', '2000-01-03', '1469.250000')).toEqual({
      line: 7,
      symbol: 'MSFT',
      occurredAt: '2000-01-03T00:00:00.000000Z',
      price: '1469.250000',
    });
  });

  test.each([
    [['MSFT', '2000-01-03', '1', '469.25'], 'the row has 4 cells, but the header has 3'],
    [['msft', '2000-01-03', '1'], 'the symbol has lowercase letters: write "MSFT"'],
    [['MSFT', 'Feb 30 2000', '1'], 'the date does not exist in the calendar'],
    [['MSFT', '2020-01-01', '1'], 'the date is in the future'],
    [['MSFT', '2000-01-03', '1e3'], 'the price has an exponent'],
  ])('%j is bad: %s', (cells, fault) => {
    expect(parse(...cells)).toMatchObject({ line: 7, fault: expect.stringContaining(fault) });
  });
});
