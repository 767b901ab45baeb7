import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { pricesIn } from './outcome.ts';
import { createFolder, type Folder, runImport } from './run.ts';

let server: TestServer;
let folder: Folder;
beforeAll(async () => {
  server = await createTestServer();
  folder = await createFolder();
  await until(async () => (await fetch(`${server.url}/health/ready`)).ok);
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await server.dispose();
});

let files = 0;
/** Imports a file with a symbol that no other file has. */
async function importText(content: string | Uint8Array, ...args: readonly string[]) {
  files += 1;
  const symbol = `F${files}`;
  const file = await folder.write(`${symbol}.csv`, content);
  const run = await runImport(`${server.url}/graphql`, [file, ...args]);
  return { ...run, file, prices: await pricesIn(server, symbol) };
}

const lines = (...rows: readonly string[]): string => `${rows.join('\n')}\n`;
const day = (date: string, time = '00:00:00') => `${date}T${time}.000000Z`;

describe('a file written by another tool', () => {
  test.each([
    [
      'with a decimal comma',
      lines('date;price', '2024-11-22;999,50', '2024-11-23;1.080', '2024-11-25;1.070,10'),
      [
        [day('2024-11-22'), '999.50'],
        [day('2024-11-23'), '1080'],
        [day('2024-11-25'), '1070.10'],
      ],
    ],
    [
      'of Excel in French, with narrow spaces and "sep"',
      lines('sep=;', 'Date;Close', '31/12/2024;1\u{202f}234,50', '01/02/2024;980'),
      [
        [day('2024-12-31'), '1234.50'],
        [day('2024-02-01'), '980'],
      ],
    ],
    [
      'of Excel in Swiss German, with apostrophes',
      lines('Date;Close', '31.12.2024;1’234.50', "30.12.2024;1'080"),
      [
        [day('2024-12-31'), '1234.50'],
        [day('2024-12-30'), '1080'],
      ],
    ],
    [
      'of Investing.com',
      `\u{feff}"Date","Price","Vol.","Change %"\r\n"Jan 19, 2018","1,355.90","68.18K","-0.61%"\r\n"01/17/2018","607.00","68.18K","-0.61%"\r\n`,
      [
        [day('2018-01-19'), '1355.90'],
        [day('2018-01-17'), '607.00'],
      ],
    ],
    [
      'of yfinance',
      lines('Date,Open,Close', '2024-03-08 00:00:00-05:00,169.0,170.729996'),
      [[day('2024-03-08', '05:00:00'), '170.729996']],
    ],
    [
      'of Nasdaq',
      lines(
        'Date,Close/Last,Volume',
        '01/17/2018,$169.00,"34,386,840"',
        '01/02/2018,"$1,170.50",1',
      ),
      [
        [day('2018-01-17'), '169.00'],
        [day('2018-01-02'), '1170.50'],
      ],
    ],
    [
      'of Google Sheets',
      lines('Date,Close', '1/2/2024 16:00:00,12.5', '1/13/2024 16:00:00,13.5'),
      [
        [day('2024-01-02', '16:00:00'), '12.5'],
        [day('2024-01-13', '16:00:00'), '13.5'],
      ],
    ],
    [
      'of CoinGecko',
      lines('snapped_at,price,market_cap', '2013-04-28 00:00:00 UTC,135.3,1500517590'),
      [[day('2013-04-28'), '135.3']],
    ],
    [
      'separated by commas, with dots that one price proves to be decimal points',
      lines('date,price', '2024-01-02,1.080', '2024-01-03,1.1'),
      [
        [day('2024-01-02'), '1.080'],
        [day('2024-01-03'), '1.1'],
      ],
    ],
    [
      'separated by commas, with dots between thousands as a quoted price proves',
      lines('date,price', '2024-11-22,"999,50"', '2024-11-23,1.080'),
      [
        [day('2024-11-22'), '999.50'],
        [day('2024-11-23'), '1080'],
      ],
    ],
    [
      'with the date and the time of day in two columns',
      lines(
        'Date,Time,Close',
        '2024-01-31,22:00:00,10.50',
        '2024-01-31,09:30,10.40',
        '2024-02-01,,11',
      ),
      [
        ['2024-01-31T22:00:00.000000Z', '10.50'],
        ['2024-01-31T09:30:00.000000Z', '10.40'],
        [day('2024-02-01'), '11'],
      ],
    ],
    [
      'in which every date is the same in both readings',
      lines('date,price', '05/05/2024,1'),
      [[day('2024-05-05'), '1']],
    ],
  ])('is read: %s', async (_title, text, prices) => {
    expect(await importText(text)).toMatchObject({ code: 0, prices });
  });

  test.each(['utf16le', 'utf-16be'])('is read in %s with a byte order mark', async (encoding) => {
    const bytes = Buffer.from('\u{feff}Date\tClose\n2024-01-02\t"1.234,50"\n', 'utf16le');
    if (encoding === 'utf-16be') bytes.swap16();
    const prices = [[day('2024-01-02'), '1234.50']];
    expect(await importText(bytes)).toMatchObject({ code: 0, prices });
  });

  test('is read as Windows-1252 if it is not UTF-8, with a note', async () => {
    const text = Buffer.from('Date;Kurs f\u{fc}r 1\n2024-01-02;1\u{a0}234,50 \u{80}\n', 'latin1');
    const run = await importText(text, '--price-column', 'Kurs für 1', '--currency', 'EUR');
    expect(run).toMatchObject({ code: 0, prices: [[day('2024-01-02'), '1234.50']] });
    expect(run.err).toMatch(/^daybook: F\d+\.csv is not UTF-8 and was read as Windows-1252$/m);
    expect(run.err).toMatch(/^daybook: F\d+\.csv was read with a decimal comma$/m);
  });
});

describe('a file with two readings', () => {
  test.each([
    [
      lines('date;price', '2024-11-22;980', '2024-11-23;1.080'),
      'can be read in two ways, line 3: "1.080" is 1.080 with a decimal point or 1080 with a decimal comma; choose with --decimal point or --decimal comma',
    ],
    [
      lines('date,price', '2024-11-22,"1,355"'),
      'line 2: "1,355" is 1355 with a decimal point or 1.355 with a decimal comma',
    ],
    [
      lines('date,price', '2024-11-22,"1.080"'),
      'line 2: "1.080" is 1.080 with a decimal point or 1080 with a decimal comma',
    ],
    [
      lines('date;price', '2024-11-22;"1,355.90"', '', '2024-11-23;999,50'),
      'mixes two notations, line 2: "1,355.90" has a decimal point and line 4: "999,50" has a decimal comma; choose with --decimal point or --decimal comma',
    ],
    [
      lines('Date,Close', '31.01.2024,1.355', '30.01.2024,1.608', '29.01.2024,998'),
      'line 2: "1.355" is 1.355 with a decimal point or 1355 with a decimal comma',
    ],
    [
      lines('date,price', '2024-01-31,1.355', '2024-02-01,"1,608"'),
      'line 2: "1.355" is 1.355 with a decimal point or 1355 with a decimal comma',
    ],
    [
      lines('date,price', '01/02/2024,1'),
      'can be read in two ways, line 2: "01/02/2024" is 2024-01-02 with the month first or 2024-02-01 with the day first; choose with --dates month-first or --dates day-first',
    ],
    [
      lines('date,price', '17/01/2024,1', '01-17-2024,1'),
      'mixes two notations, line 2: "17/01/2024" has the day first and line 3: "01-17-2024" has the month first',
    ],
    [lines('date,price', '2024-01-01,$1', '2024-01-02,€1'), 'has prices in two currencies'],
  ])('is refused as a whole: %j', async (text, message) => {
    const run = await importText(text);
    expect(run).toMatchObject({ code: 2, prices: [], out: '' });
    expect(run.err).toContain(`daybook: ${run.file} ${message.startsWith('line') ? '' : message}`);
    expect(run.err).toContain(message);
  });

  test('is read as the options say; a row that does not fit is bad', async () => {
    const text = lines('date;price', '01/02/2024;1.080', '17/01/2024;1.5', '02/02/2024;2,50');
    const run = await importText(text, '--decimal', 'comma', '--dates', 'month-first');
    const prices = [
      [day('2024-01-02'), '1080'],
      [day('2024-02-02'), '2.50'],
    ];
    expect(run).toMatchObject({ code: 1, prices });
    expect(run.err).toContain(
      'csv:3  the date has the day first, but the file is read with the month first: "17/01/2024"',
    );
    const again = await importText(text, '--decimal', 'point', '--dates', 'day-first');
    expect(again.prices).toEqual([
      [day('2024-02-01'), '1.080'],
      [day('2024-01-17'), '1.5'],
    ]);
    expect(again.err).toContain('the price has a decimal comma, but the file is read with a');
  });
});

describe('a file of another kind', () => {
  const utf16 = Buffer.from('date,price\n2024-01-02,1\n', 'utf16le');
  test.each([
    ['a workbook', Buffer.from('PK\u{3}\u{4}  [Content_Types].xml', 'latin1'), 'an Excel workbook'],
    ['an archive', Buffer.from('PK\u{3}\u{4} prices.csv', 'latin1'), 'a ZIP archive: unpack it'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae100', 'hex'), 'an old Excel workbook'],
    ['gzip', gzipSync('date,price\n'), 'a file compressed with gzip: unpack it'],
    ['UTF-16 without a mark', utf16, 'UTF-16 without a byte order mark: save it as UTF-8'],
    ['big-endian UTF-16 without a mark', Buffer.from(utf16).swap16(), 'UTF-16 without a byte'],
    ['a web page', '<!DOCTYPE html><html>', 'a web page: only CSV is read'],
    ['JSON', '[{"date": "2024-01-02"}]', 'JSON: only CSV is read'],
    ['a PDF', '%PDF-1.7', 'a PDF document'],
    ['bytes', Buffer.from([1, 0, 0, 3, 0, 5, 9, 9]), 'zero bytes'],
    ['a header', 'sep=;\ndate;price\n\n;\n', 'has only a header (line 2) and no rows'],
    ['a separator', 'sep=;\n', 'is empty'],
  ])('is refused with a message that names its kind: %s', async (_title, content, message) => {
    const run = await importText(content);
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err).toContain(message);
  });

  test.each([
    ['MSFT (1).csv', 'the symbol has the character " "'],
    ['^GSPC.csv', 'the symbol begins with "^"'],
    ['a-name-of-over-twenty-characters.csv', 'the symbol has 32 characters: at most 20'],
  ])(
    'is refused if its name %s is not a symbol, and the message names --symbol',
    async (name, rule) => {
      const file = await folder.write(name, lines('date,price', '2024-01-02,1'));
      const run = await runImport(`${server.url}/graphql`, [file]);
      expect(run).toMatchObject({ code: 2, out: '' });
      expect(run.err).toContain(`its name is not a symbol: ${rule}`);
      expect(run.err).toContain('set --symbol');
    },
  );
});

test('prices with a currency sign that does not match the instrument are rejected', async () => {
  const run = await importText(lines('date;price', '2024-01-02;12,50 €'));
  expect(run).toMatchObject({ code: 1, prices: [] });
  expect(run.err).toContain('CURRENCY_MISMATCH, the prices are in "€", but F');
  expect(run.err).toContain('is listed in USD (see --currency)');
});

describe('a header that pandas has stacked', () => {
  const stacked = (ticker: string, other = ticker) =>
    lines(
      ...['Price,Close,High', `Ticker,${ticker},${other}`, 'Date,,'],
      ...['2024-01-02,370.87,376', '2024-01-03,bad,376'],
    );

  test('is read, and names the symbol', async () => {
    const run = await importText(stacked('YFIN'));
    expect(run.err).toContain('csv:5  this is not a price');
    expect(await pricesIn(server, 'YFIN')).toEqual([[day('2024-01-02'), '370.87']]);
  });

  test('is refused for several symbols, and is not seen in ordinary headers', async () => {
    const run = await importText(stacked('YFIN', 'OTHER'));
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err).toContain('has the columns of several symbols side by side');
    const index = await importText(stacked('^GSPC'));
    expect(index.err).toContain(
      'has the ticker "^GSPC", which is not a symbol: the symbol begins with "^"',
    );
    expect((await importText(stacked('^GSPC'), '--symbol', 'GSPC')).out).toContain('1 recorded');
    const plain = await importText(lines('price,ticker,date', '5,X,2024-01-02'));
    expect(plain).toMatchObject({ code: 0, prices: [[day('2024-01-02'), '5']] });
  });
});

test('a second column of times or prices is reported, because it is not read', async () => {
  const row = '2024-01-02,2024-01-03,5,6';
  const run = await importText(lines('Date,Timestamp,Price,Close', row));
  expect(run.err).toContain('csv has a second column of times, "Timestamp", which is not read');
  expect(run.err).toContain(
    'csv has a second column of prices, "Close", which is not read (see --price-column)',
  );
  const given = await importText(
    lines('Date,Price,Close', '2024-01-02,5,6'),
    '--price-column',
    'Close',
  );
  expect(given.err).not.toContain('second column');
});

test('a pipe is read through a temporary copy, and its name is not a symbol', async () => {
  const pipe = await folder.write('PIPE', '');
  execFileSync('rm', [pipe]);
  execFileSync('mkfifo', [pipe]);
  const importPipe = async (...args: readonly string[]) => {
    const written = writeFile(pipe, lines('date;price', '2024-01-02;999,50'));
    const run = await runImport(`${server.url}/graphql`, [pipe, ...args]);
    await written;
    return run;
  };
  const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('daybook-import-'));
  const before = copies();
  expect((await importPipe()).err).toContain('is a pipe without a name: set --symbol');
  expect(await importPipe('--symbol', 'FIFO')).toMatchObject({ code: 0 });
  expect(await pricesIn(server, 'FIFO')).toEqual([[day('2024-01-02'), '999.50']]);
  expect(copies()).toEqual(before);
});
