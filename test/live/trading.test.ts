import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LiveFrames, subscribe } from '../support/live.ts';
import { createRandom } from '../support/random-trading.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../support/trading-client.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(async () => {
  await until(() => server.engine.watcher.watching() === 0);
  await server.dispose();
});

const buy = (quantity: string, limitPrice: string) => ({ side: 'BUY', quantity, limitPrice });
const sell = (quantity: string, limitPrice: string) => ({ side: 'SELL', quantity, limitPrice });

async function market() {
  const symbol = await client.list();
  const buyer = await client.open({ cash: '100000.00' });
  const seller = await client.open({ shares: { [symbol]: '100000' } });
  return { symbol, buyer, seller };
}

/** The frames of one field of a subscription, for as long as the work lasts. */
async function watching<Frame>(
  field: string,
  variables: Readonly<Record<string, unknown>>,
  work: (live: LiveFrames<Frame>) => Promise<void>,
): Promise<void> {
  const live = subscribe<Frame>(server.url, `subscription S${field}`, variables);
  try {
    await work(live);
  } finally {
    await live.cut();
  }
}

function assertRising(sequences: readonly string[]): void {
  const numbers = sequences.map(Number);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
}

describe('an order', () => {
  interface Frame {
    readonly order: {
      readonly sequence: string;
      readonly order: { readonly status: string; readonly filledQuantity: string };
      readonly event: { readonly type: string; readonly sequence: string } | null;
    };
  }
  const field = `($id: ID!) { order(id: $id) { sequence event { type sequence }
    order { status filledQuantity leavesQuantity sequence fills { quantity } } } }`;

  test('is sent in its current state first, then as it is after each of its events', async () => {
    const { symbol, buyer, seller } = await market();
    const { order } = await accepted(client.place(buyer, symbol, buy('10', '5.00')));
    await watching<Frame>(field, { id: order.id }, async (live) => {
      await live.until((frames) => frames.length === 1);
      expect(live.frames[0]).toMatchObject({ order: { event: null, order: { status: 'NEW' } } });
      await accepted(client.place(seller, symbol, sell('4', '5.00')));
      await live.until((frames) => frames.length === 2);
      await accepted(client.place(buyer, symbol, buy('1', '1.00')));
      const cancel = await accepted(client.command('cancelOrder', { orderId: order.id }));
      await live.until((frames) => frames.length === 3);
      const [, traded, canceled] = live.frames;
      expect(traded).toMatchObject({
        order: {
          event: { type: 'TradeExecuted', sequence: traded?.order.sequence },
          order: {
            status: 'PARTIALLY_FILLED',
            filledQuantity: '4',
            leavesQuantity: '6',
            sequence: traded?.order.sequence,
            fills: [{ quantity: '4' }],
          },
        },
      });
      expect(canceled).toMatchObject({
        order: {
          sequence: cancel.sequence,
          event: { type: 'OrderCanceled' },
          order: { status: 'CANCELED', leavesQuantity: '0' },
        },
      });
    });
  });
});

describe('an order book', () => {
  interface Book {
    readonly bids: readonly { readonly price: string }[];
    readonly asks: readonly { readonly price: string }[];
    readonly sequence: string;
  }
  interface Frame {
    readonly orderBook: { readonly sequence: string; readonly orderBook: Book };
  }
  const book = 'symbol sequence bids { price quantity orders } asks { price quantity orders }';
  const field = `($symbol: ID!, $depth: Int) {
    orderBook(symbol: $symbol, depth: $depth) { sequence orderBook { ${book} } } }`;

  async function bookOf(symbol: string, depth: number, asOf?: string): Promise<Book> {
    const { instrument } = await client.read<{ instrument: { orderBook: Book } }>(
      `query Q($symbol: ID!, $depth: Int, $asOf: Moment) {
        instrument(symbol: $symbol, asOf: $asOf) { orderBook(depth: $depth) { ${book} } } }`,
      { symbol, depth, asOf },
    );
    return instrument.orderBook;
  }

  const contentOf = ({ bids, asks }: Book): string => JSON.stringify({ bids, asks });

  test('skips states under many orders, never goes back, and ends in the current state', async () => {
    const { symbol, buyer, seller } = await market();
    const random = createRandom(7);
    const depth = 3;
    await watching<Frame>(field, { symbol, depth }, async (live) => {
      await live.until((frames) => frames.length === 1);
      expect(live.frames[0]).toMatchObject({ orderBook: { orderBook: { bids: [], asks: [] } } });
      const order = () => {
        const price = (10 + random() * 0.2).toFixed(2);
        return random() < 0.5
          ? client.place(buyer, symbol, buy('3', price))
          : client.place(seller, symbol, sell('2', price));
      };
      let orders = 0;
      for (; orders < 160; orders += 16) await Promise.all(Array.from({ length: 16 }, order));
      const last = await bookOf(symbol, depth);
      const isLast = ({ orderBook }: Frame) => contentOf(orderBook.orderBook) === contentOf(last);
      await live.until((frames) => frames.some(isLast));
      expect(live.frames.filter(isLast)).toHaveLength(1);
      expect(live.frames.length).toBeLessThan(orders);
      assertRising(live.frames.map(({ orderBook }) => orderBook.sequence));
      for (const { orderBook } of live.frames) {
        const { sequence } = orderBook;
        expect(orderBook.orderBook).toEqual(await bookOf(symbol, depth, sequence));
        expect(orderBook.orderBook.bids.length).toBeLessThanOrEqual(depth);
        expect(orderBook.orderBook.asks.length).toBeLessThanOrEqual(depth);
      }
    });
  });

  test('is not sent again for changes beyond its depth', async () => {
    const { symbol, buyer } = await market();
    await watching<Frame>(field, { symbol, depth: 1 }, async (live) => {
      await accepted(client.place(buyer, symbol, buy('1', '5.00')));
      await live.until((frames) => frames.at(-1)?.orderBook.orderBook.bids.length === 1);
      await accepted(client.place(buyer, symbol, buy('1', '4.00')));
      const { order } = await accepted(client.place(buyer, symbol, buy('1', '6.00')));
      await live.until((frames) => frames.at(-1)?.orderBook.orderBook.bids[0]?.price === '6.00');
      await accepted(client.command('cancelOrder', { orderId: order.id }));
      await live.until((frames) => frames.at(-1)?.orderBook.orderBook.bids[0]?.price === '5.00');
      const best = live.frames.map(({ orderBook }) => orderBook.orderBook.bids[0]?.price);
      expect(best.filter((price) => price !== undefined)).toEqual(['5.00', '6.00', '5.00']);
    });
  });

  test('is also sent over server-sent events', async () => {
    const { symbol, buyer } = await market();
    const abort = new AbortController();
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: `subscription S${field}`, variables: { symbol } }),
      signal: abort.signal,
    });
    const bid = accepted(client.place(buyer, symbol, buy('2', '5.00')));
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (/^data: .*"price":"5\.00".*$/m.test(text)) break;
    }
    abort.abort();
    await bid;
    expect(text).toContain('"bids":[{"price":"5.00","quantity":"2","orders":1}]');
  });
});

describe('a portfolio', () => {
  interface Frame {
    readonly portfolio: {
      readonly sequence: string;
      readonly portfolio: {
        readonly cash: string;
        readonly equity: string;
        readonly sequence: string;
      };
    };
  }
  const portfolio = 'cash equity marketValue sequence positions { symbol quantity marketPrice }';
  const field = `($id: ID!) { portfolio(accountId: $id) { sequence portfolio { ${portfolio} } } }`;

  test('changes with a price alone, also that of shares bought during the subscription', async () => {
    const { symbol, seller } = await market();
    const [held, unrelated] = [await client.list(), await client.list()];
    const id = await client.open({ cash: '100.00', shares: { [held]: '10' } });
    await watching<Frame>(field, { id }, async (live) => {
      const equityIs = (equity: string) =>
        live.until((frames) => frames.at(-1)?.portfolio.portfolio.equity === equity);
      await equityIs('100.00');
      await accepted(client.command('recordPrice', { symbol: held, price: '2.00' }));
      await equityIs('120.00');
      await accepted(client.place(seller, symbol, sell('5', '4.00')));
      await accepted(client.place(id, symbol, buy('5', '4.00')));
      await live.until((frames) => frames.at(-1)?.portfolio.portfolio.cash === '80.00');
      await accepted(client.command('recordPrice', { symbol: unrelated, price: '9.00' }));
      const { events } = await accepted(client.command('recordPrice', { symbol, price: '5.00' }));
      await equityIs('125.00');
      await accepted(client.command('recordPrice', { symbol: held, price: '3.00' }));
      await equityIs('135.00');
      const sequences = live.frames.map((frame) => frame.portfolio.sequence);
      expect(sequences).toContain(events[0]?.sequence);
      assertRising(sequences);
      for (const frame of live.frames) {
        expect(frame.portfolio.portfolio.sequence).toBe(frame.portfolio.sequence);
        const query = `query Q($id: ID!, $asOf: Moment) {
          account(id: $id, asOf: $asOf) { portfolio { ${portfolio} } } }`;
        const read = await client.read(query, { id, asOf: frame.portfolio.sequence });
        expect(read).toEqual({ account: { portfolio: frame.portfolio.portfolio } });
      }
    });
  });
});

describe('candles', () => {
  interface Frame {
    readonly candles: {
      readonly candle: {
        readonly close: string;
        readonly volume: string;
        readonly trades: number;
      } | null;
    };
  }
  const field = `($symbol: ID!) { candles(symbol: $symbol, interval: DAY) {
    sequence candle { start open high low close volume trades } } }`;

  test('grow with each trade, but not with a recorded price', async () => {
    const { symbol, buyer, seller } = await market();
    await watching<Frame>(field, { symbol }, async (live) => {
      await live.until((frames) => frames.length === 1);
      expect(live.frames[0]).toMatchObject({ candles: { candle: null } });
      await accepted(client.command('recordPrice', { symbol, price: '99.00' }));
      for (const price of ['5.00', '7.00', '4.00', '6.00']) {
        await accepted(client.place(seller, symbol, sell('2', price)));
        await accepted(client.place(buyer, symbol, buy('2', price)));
      }
      await live.until((frames) => frames.at(-1)?.candles.candle?.trades === 4);
      expect(live.frames.at(-1)?.candles.candle).toMatchObject({
        open: '5.00',
        high: '7.00',
        low: '4.00',
        close: '6.00',
        volume: '8',
      });
      const counts = live.frames.map(({ candles }) => String(candles.candle?.trades ?? 0));
      assertRising(counts);
    });
  });
});

describe('a subscription to something that does not exist', () => {
  const unknownId = randomUUID();
  const cases: readonly [field: string, code: string][] = [
    [`{ order(id: "${unknownId}") { sequence } }`, 'ORDER_NOT_FOUND'],
    ['{ order(id: "x") { sequence } }', 'ORDER_NOT_FOUND'],
    [`{ portfolio(accountId: "${unknownId}") { sequence } }`, 'ACCOUNT_NOT_FOUND'],
    ['{ orderBook(symbol: "NONE") { sequence } }', 'INSTRUMENT_NOT_FOUND'],
    ['{ trades(symbol: "NONE") { sequence } }', 'INSTRUMENT_NOT_FOUND'],
    ['{ candles(symbol: "NONE", interval: DAY) { sequence } }', 'INSTRUMENT_NOT_FOUND'],
    ['{ orderBook(symbol: "NONE", depth: 0) { sequence } }', 'BAD_USER_INPUT'],
    ['{ orderBook(symbol: "NONE", depth: 501) { sequence } }', 'BAD_USER_INPUT'],
    ['{ trades(symbol: "a\\u0000") { sequence } }', 'BAD_USER_INPUT'],
  ];
  test.each(cases)('%s ends with a typed error', async (field, code) => {
    await watching(field, {}, async (live) => {
      const failure = await live.until(() => false).catch((error: unknown) => error);
      // The error is in the answer, or, after the beginning, in the message that ends it.
      const errors = failure instanceof Error ? failure.cause : failure;
      expect(errors).toMatchObject([{ extensions: { code } }]);
    });
  });
});

test('nothing is watched after all subscribers have left', async () => {
  const { symbol, buyer } = await market();
  const { order } = await accepted(client.place(buyer, symbol, buy('1', '5.00')));
  const fields = [
    `{ order(id: "${order.id}") { sequence } }`,
    `{ orderBook(symbol: "${symbol}") { sequence } }`,
    `{ portfolio(accountId: "${buyer}") { sequence } }`,
    `{ candles(symbol: "${symbol}", interval: MINUTE) { sequence } }`,
  ];
  await expect.poll(() => server.engine.watcher.watching()).toBe(0);
  const lives = [...fields, ...fields].map((field) =>
    subscribe<object>(server.url, `subscription S ${field}`),
  );
  await Promise.all(lives.map((live) => live.until((frames) => frames.length === 1)));
  expect(server.engine.watcher.watching()).toBe(fields.length);
  await Promise.all(lives.map((live) => live.cut()));
  await expect.poll(() => server.engine.watcher.watching()).toBe(0);
});
