import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type Bench, repeat } from './support/bench.ts';
import { createClient } from './support/client.ts';
import { type Comparison, toDuration, toRate, toSize } from './support/comparison.ts';
import * as contract from './support/contract.ts';
import { type DaybookServer, startDaybookServer } from './support/daybook-server.ts';
import { compareStreams, longStreamMethod } from './support/long-streams.ts';
import { multiplyLog } from './support/multiply-log.ts';
import type { Stage } from './support/stage.ts';
import * as trading from './support/trading.ts';

const symbol = 'LONG';
const accountsPerSide = 50;
const seedOrders = 5_000;
const shortEvents = 100_000;
const connections = 8;
const momentsAsked = 1_000;
/** A copy of the market has more events. */
const copyEventsMin = 10_000;
const buildTimeoutMs = 3 * 3_600_000;

/** The numbers of events of the long logs; `DAYBOOK_BENCH_EVENTS` has others, with commas. */
function longEvents({ timing }: Stage): readonly number[] {
  const { DAYBOOK_BENCH_EVENTS: given = timing.isThorough ? '1000000' : '300000' } = process.env;
  const numbers = given.split(',').map(Number);
  if (!numbers.every((events) => Number.isSafeInteger(events) && events >= shortEvents)) {
    const least = `of at least ${shortEvents}`;
    throw new Error(`DAYBOOK_BENCH_EVENTS must be numbers of events ${least}, not ${given}`);
  }
  return numbers;
}

/** What must not depend on the length of the log. */
export const long: Bench = {
  name: 'long',
  method:
    `A market of ${seedOrders.toLocaleString('en')} orders, copied until the log has ` +
    `${shortEvents.toLocaleString('en')} and 1,000,000 events (DAYBOOK_BENCH_EVENTS: other ` +
    'numbers), each in a database; the views are built from it. Then one server for each, ' +
    'restarted, and the same requests to both in turn: p50 over one connection, deposits over ' +
    `${connections}. The memory is that of the process after them. ${longStreamMethod}`,
  async run(stage) {
    const sizes = longEvents(stage);
    const comparisons = [...(await compareStreams(stage, Math.max(...sizes)))];
    const short = await prepare(stage, 'short_log', shortEvents);
    for (const events of sizes.filter((size) => size !== shortEvents)) {
      const longer = await prepare(stage, `long_log_${events}`, events);
      const servers = [await restart(stage, short), await restart(stage, longer)] as const;
      comparisons.push(
        ...(await stage.withWorkers(
          servers.map(({ server }) => server),
          () => compare(stage, servers[0], servers[1]),
        )),
      );
    }
    return comparisons;
  },
};

interface LongLog {
  readonly url: string;
  readonly events: number;
  /** Accounts of the last copy. */
  readonly accountIds: readonly string[];
  readonly symbol: string;
}

async function prepare(stage: Stage, name: string, events: number): Promise<LongLog> {
  const url = await stage.database(name);
  stage.progress(`long: trading for ${name}`);
  const seeding = await startDaybookServer(url);
  await stage.withWorkers([seeding], () => seed(seeding.port));
  await multiplyLog(url, { symbol, events }, (done) =>
    stage.progress(`long: ${name}: ${done.toLocaleString('en')} events`),
  );
  const since = performance.now();
  stage.progress(`long: ${name}: building the views`);
  const building = await startDaybookServer(url, {}, buildTimeoutMs);
  const seconds = (performance.now() - since) / 1_000;
  stage.progress(`long: ${name}: ${Math.round(events / seconds)} events/s folded into all views`);
  await building.stop();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select substr(stream_id, 9) as id from events where type = 'AccountOpened'
       order by sequence desc limit ${2 * accountsPerSide}`,
    );
    const [listed] = (
      await client.query(
        `select data ->> 'symbol' as symbol from events where type = 'InstrumentListed'
         order by sequence desc limit 1`,
      )
    ).rows;
    const accountIds = rows.map((row) => String(row.id));
    return { url, events, accountIds, symbol: String(listed?.symbol) };
  } finally {
    await client.end();
  }
}

/** Trades: each order of a seller rests, and one of a buyer takes it. */
async function seed(port: number): Promise<void> {
  const client = createClient(port);
  const ids = Array.from({ length: 2 * accountsPerSide }, () => randomUUID());
  await client.post(trading.toListingBody(symbol), trading.listingExpected);
  await client.postAll(ids.map(contract.toOpeningBody), contract.openingExpected);
  await client.postAll(ids.map(trading.toCashBody), trading.cashExpected);
  const shares = ids.map((id) => trading.toSharesBody(id, symbol));
  await client.postAll(shares, trading.sharesExpected);
  const orders = Array.from({ length: seedOrders }, (_, index) => {
    const side = index % 2 === 0 ? 'SELL' : 'BUY';
    const limitPrice = `10.${String(10 + (index % 40)).padStart(2, '0')}`;
    const accountId = ids[index % ids.length] ?? '';
    return trading.toOrderBody({ accountId, symbol, side, limitPrice });
  });
  await client.postAll(orders, trading.orderExpected);
}

interface Running extends LongLog {
  readonly server: DaybookServer;
  readonly startMs: number;
}

async function restart(stage: Stage, log: LongLog): Promise<Running> {
  stage.progress(`long: starting on ${log.events.toLocaleString('en')} events`);
  const since = performance.now();
  const server = await startDaybookServer(log.url);
  return { ...log, server, startMs: performance.now() - since };
}

const ordersList =
  'query O($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) { orders(first: 50) ' +
  '{ nodes { id status limitPrice } } } }';
const accountsList =
  'query L($asOf: Moment) { accounts(first: 50, asOf: $asOf) { nodes { id balance } } }';

/** What is read, by name: the bodies for a moment. */
function readsOf({ accountIds, symbol: own }: LongLog) {
  const id = accountIds[0] ?? '';
  const body = (query: string, variables: object) => JSON.stringify({ query, variables });
  return {
    'account(id)': (asOf: number | null) =>
      asOf === null ? contract.toAccountBody(id) : contract.toAccountAsOfBody(id, asOf),
    orderBook: (asOf: number | null) => trading.toBookBody(own, asOf),
    'orders(first: 50)': (asOf: number | null) =>
      body(ordersList, { id, asOf: asOf === null ? null : String(asOf) }),
    'accounts(first: 50)': (asOf: number | null) =>
      body(accountsList, { asOf: asOf === null ? null : String(asOf) }),
  };
}

async function compare(
  stage: Stage,
  short: Running,
  longer: Running,
): Promise<readonly Comparison[]> {
  const peer = `${shortEvents.toLocaleString('en')} events`;
  const size = longer.events.toLocaleString('en');
  const start = toDuration([longer.startMs]);
  const pairs = [short, longer] as const;
  const comparisons: Comparison[] = [
    {
      what: `start on ${size} events`,
      ours: start,
      peer,
      theirs: toDuration([short.startMs]),
      target: null,
    },
    { what: '  the start itself', ours: start, peer: '', theirs: null, target: { atMost: 5_000 } },
  ];
  for (const { what, measure } of durationsOf(stage)) {
    const [theirs, ours] = await inTurns(stage, what, pairs, measure);
    const target = { atMost: 1.3 };
    comparisons.push({ what, ours: toDuration(ours), peer, theirs: toDuration(theirs), target });
  }
  const [theirs, ours] = await inTurns(stage, 'deposits', pairs, (log) => deposit(stage, log));
  comparisons.push({
    what: 'deposits',
    ours: toRate(ours),
    peer,
    theirs: toRate(theirs),
    target: { atLeast: 0.77 },
  });
  comparisons.push({
    what: 'memory of the process',
    ours: toSize([await residentMb(longer.server)]),
    peer,
    theirs: toSize([await residentMb(short.server)]),
    target: { atMost: 1.3 },
  });
  return comparisons;
}

/** Measures both logs in each round, so that a slow minute of the machine slows both. */
async function inTurns(
  stage: Stage,
  what: string,
  [short, longer]: readonly [Running, Running],
  measure: (log: Running) => Promise<number>,
): Promise<readonly [short: readonly number[], longer: readonly number[]]> {
  const rounds = await repeat(stage.timing.rounds, async () => {
    return [await measure(short), await measure(longer)] as const;
  });
  const texts = rounds.map((figures) => figures.map((n) => n.toFixed(2)).join(' and '));
  stage.progress(`long: ${what}: ${texts.join('; ')}`);
  return [rounds.map(([figure]) => figure), rounds.map(([, figure]) => figure)];
}

interface Duration {
  readonly what: string;
  readonly measure: (log: Running) => Promise<number>;
}

/** The p50 of each read, now and as of random sequences, and of the first frame. */
function durationsOf(stage: Stage): readonly Duration[] {
  const p50Of = async ({ server }: Running, bodies: readonly string[]): Promise<number> => {
    const groups = [{ bodies, expected: '"data":{' }];
    const [load] = await stage.load({ port: server.port, connections: 1, groups });
    if (load === undefined || load.unexpected !== null) throw new Error(load?.unexpected ?? '');
    return load.p50Ms;
  };
  const names = ['account(id)', 'orderBook', 'orders(first: 50)', 'accounts(first: 50)'] as const;
  const reads = names.flatMap((name): readonly Duration[] => [
    { what: `${name}, p50`, measure: (log) => p50Of(log, [readsOf(log)[name](null)]) },
    {
      what: `${name} as of a random sequence, p50`,
      measure: (log) => p50Of(log, momentsOf(log).map(readsOf(log)[name])),
    },
  ]);
  return [...reads, { what: 'first frame of account(id), p50', measure: firstFrameMs }];
}

/** Moments in the last copy of the market, so that there is something to read. */
function momentsOf({ events }: LongLog): readonly number[] {
  return Array.from(
    { length: momentsAsked },
    () => events - Math.floor(Math.random() * copyEventsMin),
  );
}

async function firstFrameMs({ server, accountIds }: Running): Promise<number> {
  const query = `subscription { account(id: "${accountIds[0]}") { sequence account { balance } } }`;
  const times: number[] = [];
  for (let turn = 0; turn < 100; turn += 1) {
    const abort = new AbortController();
    const since = performance.now();
    const response = await fetch(
      `http://127.0.0.1:${server.port}/graphql?query=${encodeURIComponent(query)}`,
      { headers: { accept: 'text/event-stream' }, signal: abort.signal },
    );
    const reader = response.body?.getReader();
    let text = '';
    while (!text.includes('"balance"')) {
      const chunk = await reader?.read();
      if (chunk?.value === undefined) throw new Error(`no frame: ${text}`);
      text += new TextDecoder().decode(chunk.value);
    }
    times.push(performance.now() - since);
    abort.abort();
    await delay(5);
  }
  return times.toSorted((a, b) => a - b)[times.length / 2] ?? Number.NaN;
}

async function deposit(stage: Stage, { server, accountIds }: Running): Promise<number> {
  const bodies = accountIds.map(contract.toDepositBody);
  const groups = [{ bodies, expected: contract.depositExpected }];
  const [load] = await stage.load({ port: server.port, connections, groups });
  if (load === undefined || load.unexpected !== null) throw new Error(load?.unexpected ?? 'none');
  return load.perSecond;
}

async function residentMb({ pid }: DaybookServer): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
