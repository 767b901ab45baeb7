import { randomUUID } from 'node:crypto';
import { type Bench, repeat } from './support/bench.ts';
import { type Client, createClient } from './support/client.ts';
import { type Comparison, type Figure, toCount, toDuration, toRate } from './support/comparison.ts';
import { openingExpected, sequenceOf, toOpeningBody } from './support/contract.ts';
import { startPeer } from './support/peers.ts';
import type { Stage } from './support/stage.ts';
import * as trading from './support/trading.ts';

const accountsPerSide = 100;
const restingPerSide = 1_000;
const connections = 32;
const eventsMin = 100_000;
const momentsAsked = 1_000;

/** Orders on one busy instrument, then its book and portfolios as of any moment. */
export const trade: Bench = {
  name: 'trade',
  method:
    `placeOrder over HTTP, ${connections} keep-alive connections, one instrument with ` +
    `${2 * restingPerSide} orders that rest away from the market. Each connection sells at one ` +
    'of 20 prices, then buys at the highest of them, so every second order trades. There are ' +
    `${2 * accountsPerSide} accounts and fees of 1 and 2 bps. Then orderBook(depth: 10) and ` +
    `portfolio over one connection, p50, now and as of ${momentsAsked} random sequence numbers ` +
    `in a log of at least ${eventsMin.toLocaleString('en')} events; the requests alternate.`,
  run: (stage) => {
    const yoga = startPeer('plain-yoga');
    return stage.withWorkers([yoga], async () => {
      const yogaPort = await yoga.call<number>('listen');
      const { port } = await stage.daybook();
      const market = await prepare(stage, createClient(port));
      const rates = await placeOrders(stage, { port, yogaPort }, market);
      return [...rates, ...(await readAtMoments(stage, port, market))];
    });
  },
};

interface BusyMarket {
  readonly symbol: string;
  /** The head after the set-up; events of other benches come before it. */
  readonly since: number;
  readonly sellers: readonly string[];
  readonly buyers: readonly string[];
  readonly sells: readonly string[];
  readonly buys: readonly string[];
}

async function prepare(stage: Stage, client: Client): Promise<BusyMarket> {
  stage.progress('trade: opening accounts, filling the book');
  const symbol = 'BUSY';
  const makeIds = () => Array.from({ length: accountsPerSide }, () => randomUUID());
  const [sellers, buyers] = [makeIds(), makeIds()];
  const all = [...sellers, ...buyers];
  await client.post(trading.toListingBody(symbol), trading.listingExpected);
  await client.postAll(all.map(toOpeningBody), openingExpected);
  await client.postAll(all.map(trading.toCashBody), trading.cashExpected);
  const shares = all.map((id) => trading.toSharesBody(id, symbol));
  await client.postAll(shares, trading.sharesExpected);
  const away = Array.from({ length: restingPerSide }, (_, index) => [
    order(symbol, sellers, 'SELL', 1_100 + (index % 200)),
    order(symbol, buyers, 'BUY', 900 - (index % 200)),
  ]);
  await client.postAll(away.flat(), trading.orderExpected);
  const since = sequenceOf(await client.post(away.flat()[0] ?? '', trading.orderExpected));
  return {
    symbol,
    since,
    sellers,
    buyers,
    sells: sellers.map((_, index) => order(symbol, sellers, 'SELL', 1_000 + (index % 20))),
    buys: buyers.map(() => order(symbol, buyers, 'BUY', 1_019)),
  };
}

function order(
  symbol: string,
  ids: readonly string[],
  side: 'BUY' | 'SELL',
  cents: number,
): string {
  const accountId = ids[Math.floor(Math.random() * ids.length)] ?? '';
  const limitPrice = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
  return trading.toOrderBody({ accountId, symbol, side, limitPrice });
}

interface Ports {
  readonly port: number;
  readonly yogaPort: number;
}

async function placeOrders(
  stage: Stage,
  { port, yogaPort }: Ports,
  { sells, buys }: BusyMarket,
): Promise<readonly Comparison[]> {
  const nothing = {
    bodies: [JSON.stringify({ query: 'mutation { nothing }' })],
    expected: '"nothing":true',
  };
  const expected = trading.orderExpected;
  const groups = [sells, buys].map((bodies) => ({ bodies, expected }));
  const client = createClient(port);
  const rounds = await repeat(stage.timing.rounds, async (round) => {
    const [yoga] = await stage.load({ port: yogaPort, connections, groups: [nothing] });
    const loads = await stage.load({ port, connections, groups });
    const ours = loads.reduce((sum, { perSecond }) => sum + perSecond, 0);
    for (const { unexpected } of loads) if (unexpected !== null) stage.progress(unexpected);
    const sequence = sequenceOf(await client.post(sells[0] ?? '', expected));
    const waitedMs = await client.waitForViews(sequence);
    const theirs = yoga?.perSecond ?? Number.NaN;
    stage.progress(
      `trade: round ${round}: ${Math.round(ours)} orders/s, Yoga ${Math.round(theirs)}/s, ` +
        `views caught up ${waitedMs.toFixed(0)} ms later`,
    );
    const unexpectedCount = loads.reduce((sum, each) => sum + each.unexpectedCount, 0);
    return { ours, theirs, unexpectedCount, waitedMs };
  });
  const ours = toRate(rounds.map((round) => round.ours));
  const theirs = toRate(rounds.map((round) => round.theirs));
  const unexpected = toCount(rounds.map(({ unexpectedCount }) => unexpectedCount));
  const none = { peer: '', theirs: null, target: { atMost: 0 } };
  return [
    {
      what: 'orders on one instrument',
      ours,
      peer: 'Yoga doing nothing',
      theirs,
      target: { atLeast: 0.6 },
    },
    { what: '  answers without the payload', ours: unexpected, ...none },
  ];
}

async function readAtMoments(
  stage: Stage,
  port: number,
  market: BusyMarket,
): Promise<readonly Comparison[]> {
  const client = createClient(port);
  const last = await grow(stage, client, market);
  const { symbol, sellers } = market;
  const id = sellers[0] ?? '';
  const moments = Array.from(
    { length: momentsAsked },
    () => last - Math.floor(Math.random() * eventsMin),
  );
  const groups = [
    { bodies: [trading.toBookBody(symbol, null)], expected: trading.bookExpected },
    {
      bodies: moments.map((at) => trading.toBookBody(symbol, at)),
      expected: trading.bookExpected,
    },
    { bodies: [trading.toPortfolioBody(id, null)], expected: trading.portfolioExpected },
    {
      bodies: moments.map((at) => trading.toPortfolioBody(id, at)),
      expected: trading.portfolioExpected,
    },
  ];
  const rounds = await repeat(stage.timing.rounds, async (round) => {
    const loads = await stage.load({ port, connections: 1, groups });
    for (const { unexpected } of loads) if (unexpected !== null) throw new Error(unexpected);
    const p50s = loads.map(({ p50Ms }) => p50Ms);
    stage.progress(`trade: round ${round}: p50 ${p50s.map((ms) => ms.toFixed(3)).join(', ')} ms`);
    return p50s;
  });
  const figureOf = (group: number): Figure =>
    toDuration(rounds.map((p50s) => p50s[group] ?? Number.NaN));
  return ['orderBook', 'portfolio'].map((what, index) => ({
    what: `${what} as of a random sequence, p50`,
    ours: figureOf(2 * index + 1),
    peer: `the same ${what} now`,
    theirs: figureOf(2 * index),
    target: { atMost: 1.5 },
  }));
}

/** Trades until there are enough events, waits for the views, and returns the head. */
async function grow(
  stage: Stage,
  client: Client,
  { since, sells, buys }: BusyMarket,
): Promise<number> {
  const bodies = sells.flatMap((sell, index) => [sell, buys[index] ?? sell]);
  for (;;) {
    const answer = await client.post(sells[0] ?? '', trading.orderExpected);
    const head = sequenceOf(answer);
    if (head > since + eventsMin) {
      await client.waitForViews(head);
      return head;
    }
    stage.progress(`trade: ${head} events so far`);
    for (let turn = 0; turn < 20; turn += 1) await client.postAll(bodies, trading.orderExpected);
  }
}
