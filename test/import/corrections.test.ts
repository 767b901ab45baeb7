import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { pricesIn } from './outcome.ts';
import { startProxy } from './proxy.ts';
import { createFolder, type Folder, runImport } from './run.ts';

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

/** Imports rows of a symbol from a file of its name. */
async function importRows(symbol: string, rows: readonly string[], ...args: readonly string[]) {
  const file = await folder.write(`${symbol}.csv`, ['date,price', ...rows].join('\n'));
  return runImport(url, [file, ...args]);
}

async function priceOn(symbol: string, time: string): Promise<string | null> {
  const query = `query On($symbol: ID!, $time: DateTime!) {
    instrument(symbol: $symbol) { priceOn(time: $time) }
  }`;
  const head = String((await server.engine.log.head()).sequence);
  type Data = { instrument: { priceOn: string | null } };
  const variables = { symbol, time };
  const { data } = await server.send<Data>(query, variables, { 'daybook-min-sequence': head });
  return data.instrument.priceOn;
}

const first = ['2001-01-01,1.10', '2001-01-02,1.20', '2001-01-03,1.3'];
const corrected = ['2001-01-01,1.11', '2001-01-02,1.20', '2001-01-03,1.30'];

describe('a corrected file', () => {
  test('changes nothing when it is imported again, and its differences are reported', async () => {
    await importRows('ABA', first);
    await importRows('ABA', corrected);
    const before = (await server.engine.log.head()).sequence;
    const run = await importRows('ABA', first);
    expect(run.code).toBe(1);
    expect(run.err).toContain(
      [
        'Recorded earlier, but the prices known now differ:',
        '  ABA.csv:2  ABA 2001-01-01T00:00:00.000000Z: 1.10 in the file, 1.11 known now',
        'Nothing was changed; use --again to record the prices of the file again.',
        '',
      ].join('\n'),
    );
    expect((await server.engine.log.head()).sequence).toBe(before);
  });

  test('is recorded again where it differs each time --again is given', async () => {
    const time = '2001-01-01T00:00:00Z';
    for (const round of [1, 2]) {
      const run = await importRows('ABA', first, '--again');
      expect(run.code).toBe(0);
      expect(run.out).toContain('1 recorded, 2 already there, 0 bad.');
      expect(await priceOn('ABA', time)).toBe('1.10');
      expect((await importRows('ABA', first, '--again')).out).toContain('0 recorded, 3 already');
      if (round === 2) break;
      await importRows('ABA', corrected, '--again');
      expect(await priceOn('ABA', time)).toBe('1.11');
    }
    expect((await pricesIn(server, 'ABA')).slice(4).map(([, price]) => price)).toEqual([
      ...['1.10', '1.11', '1.10'],
    ]);
  });

  test('has twenty differences listed and the others counted', async () => {
    const rows = (price: string) =>
      Array.from({ length: 250 }, (_, index) => {
        const day = new Date(Date.UTC(2001, 0, 1 + index)).toISOString().slice(0, 10);
        return `${day},${price}`;
      });
    await importRows('MANY', rows('1'));
    await importRows('MANY', rows('2'));
    const { code, err } = await importRows('MANY', rows('1'));
    expect(code).toBe(1);
    expect(err.match(/known now$/gm)).toHaveLength(20);
    expect(err).toContain('  MANY.csv:21  MANY');
    expect(err).toContain('  and 230 more\n');
    expect((await importRows('MANY', rows('1'), '--again')).out).toContain('250 recorded');
  });
});

describe('a corrected file that has grown', () => {
  const rows = ['2024-01-30,10.00', '2024-01-31,10.50'];

  test('records what is missing and undoes no correction', async () => {
    await importRows('GROWN', rows);
    await importRows('GROWN', ['2024-01-31,10.60']);
    const run = await importRows('GROWN', [...rows, '2024-02-01,11.00']);
    expect(run.code).toBe(1);
    expect(run.out).toContain('1 recorded, 2 already there, 0 bad.');
    expect(run.err).toContain(
      '  GROWN.csv:3  GROWN 2024-01-31T00:00:00.000000Z: 10.50 in the file, 10.60 known now',
    );
    expect(await priceOn('GROWN', '2024-01-31T00:00:00Z')).toBe('10.60');
    expect(await priceOn('GROWN', '2024-02-01T00:00:00Z')).toBe('11.00');
  });

  test('is recorded again where it differs if --again is given', async () => {
    const run = await importRows('GROWN', [...rows, '2024-02-02,12.00'], '--again');
    expect(run).toMatchObject({ code: 0 });
    expect(run.out).toContain('2 recorded, 1 already there, 0 bad.');
    expect(await priceOn('GROWN', '2024-01-31T00:00:00Z')).toBe('10.50');
  });

  test('records no price twice, even in another order and notation', async () => {
    await importRows('OTHER', rows);
    await importRows('OTHER', ['2024-01-31,10.5', '2024-01-30,10.0', '2024-01-29,9.90']);
    expect(await pricesIn(server, 'OTHER')).toHaveLength(3);
  });

  test('corrects prices that were never recorded before', async () => {
    await importRows('NEWER', rows);
    const run = await importRows('NEWER', ['2024-01-30,10.01', '2024-01-31,10.50']);
    expect(run.out).toContain('1 recorded, 1 already there, 0 bad.');
    expect(await priceOn('NEWER', '2024-01-30T00:00:00Z')).toBe('10.01');
  });
});

test('two prices for one time in a file are reported, and the later row counts', async () => {
  const run = await importRows('PAIR', ['2001-01-01,1', '2001-01-01,2', '2001-01-02,3']);
  expect(run.err).toContain(
    'PAIR.csv has two prices for one time; the later row counts, not line 2\n',
  );
  expect(await priceOn('PAIR', '2001-01-01T00:00:00Z')).toBe('2');
});

describe('rows that a later row of the same file overrides', () => {
  // The years alternate, so that the two prices of one day are in two batches.
  const rows = ['2001-01-01,1', '2001-01-01,2', '2002-01-01,9', '2001-01-01,3'];

  test('are not differences', async () => {
    await importRows('OVER', rows);
    expect(await importRows('OVER', rows)).toMatchObject({ code: 0 });
    expect(await priceOn('OVER', '2001-01-01T00:00:00Z')).toBe('3');
  });

  test('are not recorded again', async () => {
    await importRows('OVER', ['2001-01-01,4']);
    expect((await importRows('OVER', rows)).err).toContain('OVER.csv:5 ');
    const run = await importRows('OVER', rows, '--again');
    expect(run.out).toContain('1 recorded, 3 already there');
    expect(await priceOn('OVER', '2001-01-01T00:00:00Z')).toBe('3');
  });
});

test('a batch that a file has twice is compared after the rows between', async () => {
  const rows = ['2001-01-01,1', '2002-01-01,9', '2001-01-01,2', '2002-01-02,9', '2001-01-01,1'];
  const run = await importRows('TWICE', rows);
  expect(run.code).toBe(1);
  expect(run.err).toContain('  TWICE.csv:6  TWICE 2001-01-01T00:00:00.000000Z: 1 in the file, 2');
  expect((await importRows('TWICE', rows, '--again')).code).toBe(0);
  expect(await priceOn('TWICE', '2001-01-01T00:00:00Z')).toBe('1');
});

test('comparing takes one request for a hundred rows, and none for new rows', async () => {
  const rows = Array.from({ length: 350 }, (_, index) => {
    const day = new Date(Date.UTC(2001, 0, 1 + index)).toISOString().slice(0, 10);
    return `${day},${index + 1}`;
  });
  await using proxy = await startProxy(url);
  await importRows('CHEAP', rows);
  const file = await folder.write('CHEAP.csv', ['date,price', ...rows].join('\n'));
  await runImport(proxy.url, [file]);
  // The head, the listing, whether the batch was recorded, the head again, and four comparisons.
  expect(proxy.seen.requests).toBe(3 + 1 + 4);
  await folder.write('CHEAP.csv', ['date,price', ...rows, '2001-12-31,7'].join('\n'));
  await runImport(proxy.url, [file]);
  // For a file that has grown: its history instead, and the missing prices.
  expect(proxy.seen.requests).toBe(8 + 4 + 1 + 1);
});
