import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { subscribe } from '../support/live.ts';
import { createLiveMarket } from '../support/live-market.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { createTradingClient, type TradingClient } from '../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

interface Level {
  readonly price: string;
  readonly quantity: string;
  readonly orders: number;
}

interface Delta {
  readonly sequence: string;
  readonly isSnapshot: boolean;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly checksum: string;
}

interface Frame {
  readonly orderBookDeltas: Delta;
}

function watch(symbol: string, after: string | null) {
  const query = `subscription S($symbol: ID!, $after: Sequence) {
    orderBookDeltas(symbol: $symbol, after: $after) {
      sequence isSnapshot bids { price quantity orders } asks { price quantity orders } checksum } }`;
  return subscribe<Frame>(server.url, query, { symbol, after });
}

/** A book as a client keeps it. */
function createCopy() {
  const sides = { bids: new Map<string, Level>(), asks: new Map<string, Level>() };
  const sorted = (name: 'bids' | 'asks') =>
    [...sides[name].values()].sort(
      (a, b) => (name === 'asks' ? 1 : -1) * (Number(a.price) - Number(b.price)),
    );
  return {
    apply(delta: Delta) {
      for (const name of ['bids', 'asks'] as const) {
        if (delta.isSnapshot) sides[name].clear();
        for (const level of delta[name]) {
          if (level.quantity === '0') sides[name].delete(level.price);
          else sides[name].set(level.price, level);
        }
      }
    },
    book: () => ({ bids: sorted('bids'), asks: sorted('asks') }),
    checksum() {
      const best = [...sorted('bids').slice(0, 10), ...sorted('asks').slice(0, 10)];
      const text = best.map(({ price, quantity }) => `${price}:${quantity}`).join(',');
      return crc32(text).toString(16).padStart(8, '0');
    },
  };
}

async function bookAsOf(symbol: string, asOf: string): Promise<unknown> {
  const { data } = await server.send<{ instrument: { orderBook: unknown } }>(
    `query Q($symbol: ID!, $asOf: Moment) { instrument(symbol: $symbol, asOf: $asOf) {
      orderBook(depth: 500) { bids { price quantity orders } asks { price quantity orders } } } }`,
    { symbol, asOf },
  );
  return data.instrument.orderBook;
}

test('a snapshot and all changes lead to the book at each sequence number, also after a cut', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const market = await createLiveMarket(client, seed);
  const symbol = market.symbols[0] ?? '';
  const copy = createCopy();
  let after: string | null = null;
  let frames = 0;
  for (let cuts = 0; cuts < 5; cuts += 1) {
    const live = watch(symbol, after);
    await live.until((received) => received.length > 0);
    expect(live.frames[0]?.orderBookDeltas.isSnapshot).toBe(after === null);
    // A fast market has few frames, because each has the changes of several events.
    for (let n = 0; n < 30 || live.frames.length < 5; n += 1) await market.act();
    await live.cut();
    // What happens now is in the first frame after the cut.
    for (let n = 0; n < 5; n += 1) await market.act();
    for (const { orderBookDeltas: delta } of live.frames) {
      copy.apply(delta);
      expect(copy.book(), `seed ${seed}`).toEqual(await bookAsOf(symbol, delta.sequence));
      expect(copy.checksum(), `seed ${seed}`).toBe(delta.checksum);
      after = delta.sequence;
      frames += 1;
    }
  }
  expect(frames).toBeGreaterThan(20);
}, 60_000);

test('a later frame has only the levels that have changed', async () => {
  const symbol = await client.list();
  const account = await client.open({ cash: '1000.00' });
  const bid = (limitPrice: string) =>
    client.place(account, symbol, { side: 'BUY', quantity: '1', limitPrice });
  for (const price of ['5.00', '6.00', '7.00']) await bid(price);
  const live = watch(symbol, null);
  await live.until((frames) => frames.length === 1);
  const { order } = await bid('6.00');
  await live.until((frames) => frames.length === 2);
  await client.command('cancelOrder', { orderId: order.id });
  await live.until((frames) => frames.length === 3);
  await live.cut();
  const levels = live.frames.map(({ orderBookDeltas: { isSnapshot, bids, asks } }) => [
    isSnapshot,
    bids.map(({ price, quantity }) => `${price} ${quantity}`),
    asks,
  ]);
  expect(levels).toEqual([
    [true, ['7.00 1', '6.00 1', '5.00 1'], []],
    [false, ['6.00 2'], []],
    [false, ['6.00 1'], []],
  ]);
});

test('an unknown instrument and a sequence number beyond the head are refused', async () => {
  await expect(watch('NONE', null).until(() => false)).rejects.toMatchObject([
    { message: 'there is no instrument NONE', extensions: { code: 'INSTRUMENT_NOT_FOUND' } },
  ]);
  await expect(watch(await client.list(), '999999').until(() => false)).rejects.toMatchObject([
    { extensions: { code: 'BAD_USER_INPUT' } },
  ]);
});
