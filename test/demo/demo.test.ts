import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type DemoOptions, runDemo } from '../../src/demo/demo.ts';
import { OtherDataError } from '../../src/demo/errors.ts';
import { makers } from '../../src/demo/traders.ts';
import { examples } from '../../src/examples.ts';
import { testMasterKey } from '../support/master-keys.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startProgram } from '../support/program.ts';
import { runExample } from '../support/run-examples.ts';
import { createTestServer } from '../support/server.ts';
import { createTerminal } from './terminal.ts';

let database: TestDatabase;
const abort = new AbortController();
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  abort.abort();
  await database.dispose();
});

interface Server {
  readonly url: string;
}

async function send<Data>({ url }: Server, query: string): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return ((await response.json()) as { data: Data }).data;
}

function toOptions({ url }: Server): DemoOptions {
  return {
    url: `${url}/graphql`,
    token: null,
    seed: '1',
    ratePerSecond: 60,
    isAmongOtherData: false,
    database: 'here',
    ready() {},
    signal: abort.signal,
    terminal: createTerminal({}).terminal,
  };
}

/** Counts the events of the set-up, by type. */
async function countSetUp(): Promise<readonly object[]> {
  return database.database.query({
    name: 'count-set-up',
    text: `select type, count(*)::int as count from events
      where type in ('AccountOpened', 'CashDeposited', 'SharesDeposited', 'InstrumentListed',
        'PriceRecorded')
      group by type order by type`,
  });
}

const market = `{ instruments(first: 5) { nodes {
  symbol lastPrice orderBook(depth: 1) { asks { price } bids { price } }
  candles(interval: HOUR, from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z") { trades }
} } }`;
interface Market {
  readonly instruments: {
    readonly nodes: readonly { readonly candles: readonly { readonly trades: number }[] }[];
  };
}

async function countTraded(server: Server): Promise<number> {
  const { instruments } = await send<Market>(server, market);
  return instruments.nodes.filter(({ candles }) => candles.length > 0).length;
}

test('the program trades by itself, and SIGTERM ends it', async () => {
  const environment = { DATABASE_URL: database.url, LOG_LEVEL: 'error' };
  const program = await startProgram(environment, ['demo', '--rate', '60']);
  try {
    const portfolio = `{ account(id: "${makers[0]?.accountId}") { portfolio { equity cash } } }`;
    const before = await send(program, portfolio);
    await expect.poll(() => countTraded(program), { timeout: 60_000 }).toBeGreaterThanOrEqual(3);
    await expect.poll(() => send(program, portfolio), { timeout: 60_000 }).not.toEqual(before);
    expect(await program.end('SIGTERM')).toBe(0);
  } finally {
    await program.end('SIGKILL');
  }
  expect(program.output()).toContain('curl -s ');
}, 120_000);

test('on the same data it continues without a new setup, beside the tour', async () => {
  const setUp = await countSetUp();
  expect(setUp).toContainEqual({ type: 'AccountOpened', count: 35 });
  const app = buildApp(
    readConfig({
      DATABASE_URL: database.url,
      DAYBOOK_MASTER_KEY: testMasterKey,
      PORT: '0',
      LOG_LEVEL: 'error',
    }),
  );
  const server = await app.start();
  let isReady = false;
  const ready = () => {
    isReady = true;
  };
  const demo = runDemo({ ...toOptions(server), ready });
  await expect.poll(() => isReady, { timeout: 60_000 }).toBe(true);
  expect(await countSetUp()).toEqual(setUp);
  for (const example of examples) {
    expect(JSON.stringify(await runExample(server.url, example))).not.toContain('Error');
  }
  const query = '{ trialBalance { isBalanced } }';
  expect(await send(server, query)).toEqual({ trialBalance: { isBalanced: true } });
  abort.abort();
  await demo;
  await app.stop();
}, 120_000);

test('a log with other data is left unchanged', async () => {
  const server = await createTestServer();
  const open = 'openAccount(input: { owner: "Ada", currency: "EUR" }) { __typename }';
  await send(server, `mutation { ${open} }`);
  const signal = AbortSignal.timeout(10_000);
  const demo = runDemo({ ...toOptions(server), signal });
  await expect(demo).rejects.toThrow(OtherDataError);
  expect((await server.engine.log.head()).sequence).toBe(1);
  await server.dispose();
});
