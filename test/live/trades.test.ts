import { afterAll, beforeAll, expect, test } from 'vitest';
import { subscribe } from '../support/live.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import {
  accepted,
  createTradingClient,
  type TradeSeen,
  type TradingClient,
  tradeFields,
} from '../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

interface Frame {
  readonly trades: { readonly sequence: string; readonly trade: TradeSeen | null };
}

const query = `subscription S($symbol: ID!, $after: Sequence) {
  trades(symbol: $symbol, after: $after) { sequence trade { ${tradeFields} } } }`;

const tradesOf = (frames: readonly Frame[]): readonly TradeSeen[] =>
  frames.flatMap(({ trades }) => trades.trade ?? []);

async function market() {
  const symbol = await client.list();
  const buyer = await client.open({ cash: '100000.00' });
  const seller = await client.open({ shares: { [symbol]: '100000' } });
  /** Trades one after the other; each is one of the order book's events. */
  async function trade(count: number): Promise<readonly TradeSeen[]> {
    const made: TradeSeen[] = [];
    for (let done = 0; done < count; done += 1) {
      const price = { quantity: '1', limitPrice: '1.00' };
      await accepted(client.place(seller, symbol, { side: 'SELL', ...price }));
      made.push(...(await accepted(client.place(buyer, symbol, { side: 'BUY', ...price }))).trades);
    }
    return made;
  }
  return { symbol, trade };
}

test('a subscriber that is disconnected repeatedly resumes without loss or duplicate', async () => {
  const [{ symbol, trade }, other] = [await market(), await market()];
  const start = await client.head();
  const trading = Promise.all([trade(15), trade(15), other.trade(10)]);
  const seen: TradeSeen[] = [];
  let position = start;
  for (let turn = 1; seen.length < 30; turn += 1) {
    const live = subscribe<Frame>(server.url, query, { symbol, after: position });
    const wanted = Math.min(30, seen.length + (turn % 7) + 1) - seen.length;
    await live.until((frames) => tradesOf(frames).length >= wanted);
    await live.cut();
    seen.push(...tradesOf(live.frames));
    position = live.frames.at(-1)?.trades.sequence ?? position;
  }
  await trading;
  const { trades } = await client.read<{ trades: { nodes: readonly TradeSeen[] } }>(
    `query Q($symbol: ID!) { trades(symbol: $symbol) { nodes { ${tradeFields} } } }`,
    { symbol },
  );
  const plain = (all: readonly TradeSeen[]) =>
    all.map(({ buyOrder, sellOrder, ...trade }) => ({
      ...trade,
      // In a frame, an order is that of the moment of the frame.
      buyOrder: buyOrder.id.split('@')[0],
      sellOrder: sellOrder.id.split('@')[0],
    }));
  expect(plain(seen)).toEqual(plain(trades.nodes));
});

test('a trade is sent with its orders as they were right after it', async () => {
  const { symbol } = await market();
  const seller = await client.open({ shares: { [symbol]: '2' } });
  const buyer = await client.open({ cash: '10.00' });
  const { order } = await accepted(
    client.place(seller, symbol, { side: 'SELL', quantity: '2', limitPrice: '1.00' }),
  );
  const after = await client.head();
  for (const quantity of ['1', '1']) {
    const bid = { side: 'BUY', quantity, limitPrice: '1.00' };
    await accepted(client.place(buyer, symbol, bid));
  }
  const live = subscribe<Frame>(server.url, query, { symbol, after });
  await live.until((frames) => tradesOf(frames).length === 2);
  expect(tradesOf(live.frames)).toMatchObject([
    { sellOrder: { status: 'PARTIALLY_FILLED' }, buyOrder: { status: 'FILLED' } },
    { sellOrder: { status: 'FILLED' } },
  ]);
  const [first, ...made] = live.frames;
  expect(first).toEqual({ trades: { sequence: after, trade: null } });
  for (const { trades } of made) {
    const { trade, sequence } = trades;
    if (trade === null) continue;
    expect(trade).toMatchObject({ sequence, sellOrder: { id: `${order.id}@${sequence}` } });
    // The trade is the same at every moment, so that a list of trades can take it.
    expect(trade.id).not.toContain('@');
  }
  await live.cut();
});

test('a subscription without a sequence starts from now and reports how far it has read', async () => {
  const [{ symbol, trade }, other] = [await market(), await market()];
  await trade(2);
  const live = subscribe<Frame>(server.url, query, { symbol });
  await live.until((frames) => frames.length === 1);
  expect(live.frames).toEqual([{ trades: { sequence: await client.head(), trade: null } }]);
  const [made] = await trade(1);
  await live.until((frames) => tradesOf(frames).length === 1);
  expect(tradesOf(live.frames)).toMatchObject([{ id: made?.id }]);
  const reported = Number(live.frames.at(-1)?.trades.sequence);
  await other.trade(1);
  const head = Number(await client.head());
  await live.until((frames) => Number(frames.at(-1)?.trades.sequence) >= head);
  expect(live.frames.at(-1)?.trades.trade).toBeNull();
  expect(head).toBeGreaterThan(reported);
  await live.cut();
});

test('a sequence beyond the end of the log is refused', async () => {
  const { symbol } = await market();
  const live = subscribe<Frame>(server.url, query, { symbol, after: '99999999' });
  await expect(live.until(() => false)).rejects.toMatchObject([
    { extensions: { code: 'BAD_USER_INPUT' } },
  ]);
  await live.cut();
});
