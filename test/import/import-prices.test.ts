import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { countsOf, pricesIn } from './outcome.ts';
import { startProxy } from './proxy.ts';
import { createFolder, type Folder, runImport } from './run.ts';

const data = path.resolve('node_modules/vega-datasets/data');
const stocks = path.join(data, 'stocks.csv');
const sp500 = path.join(data, 'sp500-2000.csv');

let server: TestServer;
let url: string;
let folder: Folder;
beforeAll(async () => {
  server = await createTestServer();
  url = `${server.url}/graphql`;
  folder = await createFolder();
  await until(async () => (await fetch(`${server.url}/health/ready`)).ok);
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await server.dispose();
});

/** The head of the log itself, because the API shows only what the views have. */
async function head(): Promise<string> {
  return String((await server.engine.log.head()).sequence);
}

const pricesOf = (symbol: string) => pricesIn(server, symbol);

/** A history of a number of days from 2001 on. */
function history(days: number, firstDay = '2001-01-01'): string {
  const start = Date.parse(`${firstDay}T00:00:00Z`);
  const rows = Array.from({ length: days }, (_, index) => {
    const day = new Date(start + index * 86_400_000).toISOString().slice(0, 10);
    return `${day},${index + 1}.50`;
  });
  return `${['date,price', ...rows].join('\n')}\n`;
}

describe('the histories of vega-datasets', () => {
  const question = `query On($time: DateTime!, $asOf: Moment) {
    instrument(symbol: "MSFT", asOf: $asOf) { priceOn(time: $time) }
  }`;
  const time = '2005-06-15T00:00:00Z';

  test('are recorded to the last digit, and were not known before', async () => {
    const before = await head();
    const run = await runImport(url, [stocks, sp500]);
    expect(run).toMatchObject({ code: 0, err: 'importing stocks.csv\nimporting sp500-2000.csv\n' });
    const counts = { read: 123, recorded: 123, alreadyThere: 0, bad: 0 };
    expect(countsOf(run.out, 'stocks.csv', 'MSFT')).toEqual(counts);
    expect(run.out).toContain('5,665 recorded, 0 already there, 0 bad.');

    const row = /^MSFT,Jun 1 2005,(\S+)$/m.exec(await readFile(stocks, 'utf8'));
    const minimum = { 'daybook-min-sequence': await head() };
    const now = await server.send(question, { time }, minimum);
    expect(now.data).toEqual({ instrument: { priceOn: row?.[1] } });
    const then = await server.send(question, { time, asOf: before }, minimum);
    expect(then.data).toEqual({ instrument: null });

    const closes = (await readFile(sp500, 'utf8')).trim().split('\n').slice(1);
    const expected = closes.map((line) => {
      const cells = line.split(',');
      return [`${cells[0]}T00:00:00.000000Z`, cells[4]];
    });
    expect(await pricesOf('SP500-2000')).toEqual(expected);
  });

  test('are all recognized the second time, and the log does not change', async () => {
    const before = await head();
    const run = await runImport(url, [stocks, sp500]);
    expect(run.code).toBe(0);
    expect(run.out).toContain('0 recorded, 5,665 already there, 0 bad.');
    expect(await head()).toBe(before);
  });
});

describe('a file that is imported again', () => {
  test('records only the new rows after it has grown', async () => {
    const file = await folder.write('grows.csv', history(365));
    await runImport(url, [file]);
    await folder.write('grows.csv', history(365 + 10));
    const run = await runImport(url, [file]);
    const counts = { read: 375, recorded: 10, alreadyThere: 365, bad: 0 };
    expect(countsOf(run.out, 'grows.csv', 'GROWS')).toEqual(counts);
  });

  test('is complete after an interruption and records no price twice', async () => {
    const file = await folder.write('stops.csv', history(3_000));
    const abort = new AbortController();
    await using proxy = await startProxy(url, (count) => {
      if (count === 6) abort.abort();
      return 'passed';
    });
    const first = await runImport(proxy.url, [file], abort.signal);
    expect(first.code).toBe(130);
    expect(first.err).toContain('interrupted; run the same command again to continue');
    const { recorded = 0 } = countsOf(first.out, 'stops.csv', 'STOPS');
    expect(recorded).toBeGreaterThan(0);
    expect(recorded).toBeLessThan(3_000);
    expect(await pricesOf('STOPS')).toHaveLength(recorded);

    const second = await runImport(url, [file]);
    const counts = { read: 3_000, recorded: 3_000 - recorded, alreadyThere: recorded, bad: 0 };
    expect(countsOf(second.out, 'stops.csv', 'STOPS')).toEqual(counts);
    const prices = await pricesOf('STOPS');
    expect(prices.map(([, price]) => price)).toEqual(
      Array.from({ length: 3_000 }, (_, index) => `${index + 1}.50`),
    );
  });
});

test('an interruption also stops reading rows that are never sent', async () => {
  const file = await folder.write('idle.csv', `date,price\n${'2001-01-01,none\n'.repeat(50)}`);
  const abort = new AbortController();
  await using proxy = await startProxy(url, () => {
    abort.abort();
    return 'passed';
  });
  expect(await runImport(proxy.url, [file], abort.signal)).toMatchObject({ code: 130, out: '' });
});

describe('a server in trouble', () => {
  test('gets the same keys again, and nothing is recorded twice', async () => {
    const file = await folder.write('shaky.csv', history(2_000));
    const fates = ['answer lost', 'busy', 'request lost', 'passed'] as const;
    // The first request must succeed, because it checks that there is a server.
    await using proxy = await startProxy(url, (count) =>
      count === 1 ? 'passed' : (fates[count % 4] ?? 'passed'),
    );
    const run = await runImport(proxy.url, [file]);
    expect(run.code).toBe(0);
    const counts = { read: 2_000, recorded: 2_000, alreadyThere: 0, bad: 0 };
    expect(countsOf(run.out, 'shaky.csv', 'SHAKY')).toEqual(counts);
    expect(await pricesOf('SHAKY')).toHaveLength(2_000);
  });

  test('that stays unreachable ends the import with the results so far', async () => {
    const file = await folder.write('broken.csv', history(2_000));
    await using proxy = await startProxy(url, (count) => (count > 5 ? 'request lost' : 'passed'));
    const run = await runImport(proxy.url, [file]);
    expect(run.code).toBe(2);
    expect(run.err).toContain('when it is back, run the same command again');
    expect(run.out).toContain('not sent');
    const { recorded } = countsOf(run.out, 'broken.csv', 'BROKEN');
    expect(recorded).toBe(365 * 2);
    expect(proxy.seen.requests).toBe(5 + 4);
  });

  test('that does not exist is reported at once in one line', async () => {
    const proxy = await startProxy(url);
    await proxy[Symbol.asyncDispose]();
    const run = await runImport(proxy.url, [stocks]);
    const line = `daybook: ${proxy.url} cannot be reached: nothing listens at this address; start`;
    expect(run).toMatchObject({ code: 2, out: '' });
    expect(run.err).toMatch(/^[^\n]+\n$/);
    expect(run.err).toContain(line);
  });

  test('that is not Daybook is recognized', async () => {
    const run = await runImport(`${server.url}/health/live`, [stocks]);
    expect(run.code).toBe(2);
    expect(run.err).toContain("is not Daybook's GraphQL API (status 404): check --url");
  });
});

test('at most four requests run at once, each below 256 KiB and with the token', async () => {
  const dates = history(400).split('\n').slice(1, -1);
  const rows = dates.flatMap((row) =>
    ['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6'].map((s) => `${s},${row}`),
  );
  const file = await folder.write('six.csv', ['symbol,date,price', ...rows].join('\n'));
  await using proxy = await startProxy(url);
  const run = await runImport(proxy.url, [file, '--token', 'abc.def']);
  expect(run.code).toBe(0);
  expect(proxy.seen).toMatchObject({ atOnceMax: 4, token: 'Bearer abc.def' });
  expect(proxy.seen.bodyBytesMax).toBeLessThan(256 * 1024);
});

describe('bad rows', () => {
  test('are reported with their lines, and all others are recorded', async () => {
    const file = await folder.write(
      'mixed.csv',
      [
        'Symbol,Date,Price,Note\r\n',
        'MIX,2001-01-01,1.10,"two\r\nlines"\r\n',
        'MIX,Feb 30 2001,1.20,\r\n',
        '\r\n',
        'MIX,2001-01-03,"1,300.00",\r\n',
        'MIX,2001-01-04,1.40,"open\r\n',
        'mix,2001-01-05,1.50,\r\n',
        'MIX,2999-01-01,1.60,\r\n',
        'MIX,2001-01-07,1.70,,\r\n',
        'MIX,2001-01-08,1.80,\r\n',
      ].join(''),
    );
    const run = await runImport(url, [file]);
    expect(run.code).toBe(1);
    const lines = run.err.split('\n').filter((line) => line.startsWith('  '));
    expect(lines.map((line) => line.trim())).toEqual([
      expect.stringMatching(
        /^mixed\.csv:4 {2}the date does not exist in the calendar: "Feb 30 2001"$/,
      ),
      expect.stringMatching(/^mixed\.csv:7 {2}a quotation mark is not closed: "MIX,2001-01-04,1/),
      expect.stringMatching(/^mixed\.csv:8 {2}the symbol has lowercase letters.*: "mix"$/),
      expect.stringMatching(/^mixed\.csv:9 {2}the date is in the future: "2999-01-01"$/),
      expect.stringMatching(/^mixed\.csv:10 {2}the row has 5 cells, but the header has 4: "MIX,/),
    ]);
    expect((await pricesOf('MIX')).map(([, price]) => price)).toEqual([
      ...['1.10', '1300.00', '1.80'],
    ]);
    expect(countsOf(run.out, 'mixed.csv', 'MIX')).toMatchObject({ recorded: 3, bad: 2 });
    expect(countsOf(run.out, 'mixed.csv', '?')).toMatchObject({ read: 3, bad: 3 });
  });

  test('are listed up to the first twenty, and the others are counted', async () => {
    const rows = Array.from({ length: 1_300 }, () => '2001-01-01,none');
    const file = await folder.write('many.csv', ['date,price', ...rows].join('\n'));
    const { code, err } = await runImport(url, [file]);
    expect(code).toBe(1);
    expect(err).toContain('many.csv:21 ');
    expect(err).not.toContain('many.csv:22 ');
    expect(err).toContain('  and 1,280 more\n');
  });

  test('include those of a symbol listed in a currency other than --currency', async () => {
    const file = await folder.write('msft.csv', 'date,close\n2011-01-03,28.00\n');
    const run = await runImport(url, [file, '--currency', 'EUR']);
    expect(run.code).toBe(1);
    expect(run.err).toContain('msft.csv:2  the server rejects the rows: CURRENCY_MISMATCH');
    expect((await runImport(url, [file])).code).toBe(0);
  });
});

describe('a file that cannot be used', () => {
  test('is reported in one line, and the others are recorded', async () => {
    const empty = await folder.write('empty.csv', '');
    const columns = await folder.write('columns.csv', 'day,open\n1,2\n');
    const good = await folder.write('good.csv', 'date,price\n2001-01-01,5\n');
    const run = await runImport(url, ['/not/there.csv', empty, columns, '/tmp', good]);
    expect(run.code).toBe(2);
    expect(run.err.split('\n').filter((line) => line.startsWith('daybook:'))).toEqual([
      'daybook: /not/there.csv does not exist',
      `daybook: ${empty} is empty: its first line must name the columns`,
      `daybook: ${columns} has no column "date", "time", "datetime", "timestamp" or "snapped_at" (see --time-column); its columns are "day", "open"`,
      'daybook: /tmp is a directory: name the files in it',
    ]);
    expect(countsOf(run.out, 'good.csv', 'GOOD')).toMatchObject({ recorded: 1 });
  });

  test('can be imported if options name its columns and its symbol', async () => {
    const file = await folder.write('金.csv', 'day;last\n3 Jan 2001;7.70\n');
    expect((await runImport(url, [file, '--time-column', 'Day'])).err).toContain('--price-column');
    const names = ['--time-column', 'Day', '--price-column', 'last'];
    expect((await runImport(url, [file, ...names])).err).toContain('set --symbol');
    expect((await runImport(url, [file, ...names, '--symbol', '005930'])).code).toBe(0);
    expect(await pricesOf('005930')).toEqual([['2001-01-03T00:00:00.000000Z', '7.70']]);
  });
});
