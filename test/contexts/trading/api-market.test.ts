import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

const buy = (quantity: string, limitPrice: string) => ({ side: 'BUY', quantity, limitPrice });
const sell = (quantity: string, limitPrice: string) => ({ side: 'SELL', quantity, limitPrice });

async function market(listing = {}) {
  const symbol = await client.list(listing);
  const buyer = await client.open({ cash: '1000.00' });
  const seller = await client.open({ shares: { [symbol]: '100' } });
  async function trade(price: string, quantity = '1') {
    await accepted(client.place(seller, symbol, sell(quantity, price)));
    return accepted(client.place(buyer, symbol, buy(quantity, price)));
  }
  return { symbol, buyer, seller, trade };
}

/** Fields of an instrument, now or as of a moment. */
async function read(symbol: string, fields: string, asOf?: string) {
  const { instrument } = await client.read<{ instrument: Record<string, unknown> | null }>(
    `query Q($symbol: ID!, $asOf: Moment) { instrument(symbol: $symbol, asOf: $asOf) { ${fields} } }`,
    { symbol, asOf },
  );
  return instrument;
}

describe('an instrument', () => {
  test('exists from its listing on, with the fields that were listed', async () => {
    const before = await client.head();
    const listed = { tickSize: '0.05', lotSize: '0.1', makerFeeBps: '1.5', takerFeeBps: '2' };
    const symbol = await client.list({ name: 'Acme', currency: 'CHF', ...listed });
    const fields = `id symbol name currency tickSize lotSize makerFeeBps takerFeeBps tradingStatus
      lastPrice lastPriceAt orderBook { bids { price } asks { price } }`;
    expect(await read(symbol, fields)).toEqual({
      id: symbol,
      symbol,
      name: 'Acme',
      currency: 'CHF',
      ...listed,
      tradingStatus: 'OPEN',
      lastPrice: null,
      lastPriceAt: null,
      orderBook: { bids: [], asks: [] },
    });
    expect(await read(symbol, fields, before)).toBeNull();
    const { instrument } = await client.read<{ instrument: { version: number } }>(
      `{ instrument(symbol: "${symbol}") { version } }`,
    );
    const late = { symbol, expectedVersion: instrument.version - 1 };
    expect(await client.command('haltTrading', late)).toMatchObject({ code: 'VERSION_CONFLICT' });
    const halting = { symbol, expectedVersion: instrument.version };
    const halt = await accepted(client.command('haltTrading', halting));
    await accepted(client.command('resumeTrading', { symbol }));
    expect(await read(symbol, 'tradingStatus', halt.sequence)).toEqual({ tradingStatus: 'HALTED' });
    expect(await read(symbol, 'tradingStatus')).toEqual({ tradingStatus: 'OPEN' });
  });

  test('has the last price by occurrence, traded or recorded, now and at a past moment', async () => {
    const { symbol, trade } = await market();
    const yesterday = '2020-01-01T00:00:00.000000Z';
    const recorded = await accepted(
      client.command('recordPrice', { symbol, price: '4.00', occurredAt: yesterday }),
    );
    const first = await trade('5.00');
    // Recorded late: it is known, but it is not the last price.
    await accepted(client.command('recordPrice', { symbol, price: '3.00', occurredAt: yesterday }));
    const price = 'lastPrice lastPriceAt';
    const [executed] = first.trades;
    expect(await read(symbol, price)).toEqual({
      lastPrice: '5.00',
      lastPriceAt: executed?.executedAt,
    });
    const { sequence } = await trade('6.00');
    await accepted(client.command('recordPrice', { symbol, price: '7.00' }));
    expect(await read(symbol, 'lastPrice')).toEqual({ lastPrice: '7.00' });
    expect(await read(symbol, 'lastPrice', sequence)).toEqual({ lastPrice: '6.00' });
    expect(await read(symbol, price, recorded.sequence)).toEqual({
      lastPrice: '4.00',
      lastPriceAt: yesterday,
    });
    const on = (time: string | undefined) => `priceOn(time: "${time}")`;
    expect(await read(symbol, on(executed?.executedAt))).toEqual({ priceOn: '5.00' });
    expect(await read(symbol, on(yesterday))).toEqual({ priceOn: '3.00' });
    expect(await read(symbol, on(yesterday), sequence)).toEqual({ priceOn: '3.00' });
    expect(await read(symbol, on(yesterday), recorded.sequence)).toEqual({ priceOn: '4.00' });
    expect(await read(symbol, on('2019-12-31T23:59:59.999999Z'))).toEqual({ priceOn: null });
  });

  test('has a book by price level, best first, down to a depth, now and at a past moment', async () => {
    const { symbol, buyer, seller } = await market();
    const book = (depth: number) => `orderBook(depth: ${depth}) { symbol sequence
      bids { price quantity orders } asks { price quantity orders } }`;
    const level = (text: string) => {
      const [orders = '', quantity = '', price = ''] = text.split(/ of | at /);
      return { orders: Number(orders), quantity, price };
    };
    const levels = (...texts: readonly string[]) => texts.map(level);
    for (const price of ['9.00', '10.00', '9.50', '10.00']) {
      await accepted(client.place(buyer, symbol, buy('2', price)));
    }
    const stop = { side: 'BUY', type: 'STOP', quantity: '1', stopPrice: '50.00' };
    await accepted(client.place(buyer, symbol, stop));
    for (const price of ['100.00', '11.00', '10.50']) {
      await accepted(client.place(seller, symbol, sell('3', price)));
    }
    const full = await client.head();
    const expected = {
      bids: levels('2 of 4 at 10.00', '1 of 2 at 9.50', '1 of 2 at 9.00'),
      asks: levels('1 of 3 at 10.50', '1 of 3 at 11.00', '1 of 3 at 100.00'),
    };
    expect(await read(symbol, book(10))).toEqual({
      orderBook: { symbol, sequence: full, ...expected },
    });
    await accepted(client.place(seller, symbol, sell('3', '10.00')));
    await accepted(client.place(buyer, symbol, buy('3', '10.50')));
    expect(await read(symbol, book(2))).toMatchObject({
      orderBook: {
        bids: levels('1 of 1 at 10.00', '1 of 2 at 9.50'),
        asks: levels('1 of 3 at 11.00', '1 of 3 at 100.00'),
      },
    });
    expect(await read(symbol, book(500), full)).toMatchObject({ orderBook: expected });
    expect(await read(symbol, book(1), full)).toMatchObject({
      orderBook: { bids: expected.bids.slice(0, 1), asks: expected.asks.slice(0, 1) },
    });
  });

  test('has candles of its trades only, now and at a past moment', async () => {
    const { symbol, trade } = await market();
    const always = 'from: "2000-01-01T00:00:00Z", to: "2999-01-01T00:00:00Z"';
    const candles = (interval: string, range = always) =>
      `candles(interval: ${interval}, ${range}) { start open high low close volume trades }`;
    expect(await read(symbol, candles('DAY'))).toEqual({ candles: [] });
    const trades: { readonly executedAt: string; readonly price: string }[] = [];
    const heads: string[] = [];
    for (const price of ['5.00', '12.00', '4.00', '6.00']) {
      const answer = await trade(price, '2');
      trades.push(...answer.trades);
      heads.push(answer.sequence);
    }
    // The clock may have entered the next interval in the meantime.
    const expected = (kept: number, count: number) => {
      const starts = trades.slice(0, count).map(({ executedAt }) => executedAt.slice(0, kept));
      return [...new Set(starts)].map((start) => {
        const own = trades.slice(0, count).filter(({ executedAt }) => executedAt.startsWith(start));
        const prices = own.map(({ price }) => price);
        const sorted = [...prices].sort((a, b) => Number(a) - Number(b));
        return {
          start: `${start}${'0000-00-00T00:00:00.000000Z'.slice(kept)}`,
          open: prices[0],
          high: sorted.at(-1),
          low: sorted[0],
          close: prices.at(-1),
          volume: String(own.length * 2),
          trades: own.length,
        };
      });
    };
    for (const [interval, kept] of [
      ['MINUTE', 16],
      ['HOUR', 13],
      ['DAY', 10],
    ] as const) {
      expect(await read(symbol, candles(interval))).toEqual({ candles: expected(kept, 4) });
      expect(await read(symbol, candles(interval), heads[1])).toEqual({
        candles: expected(kept, 2),
      });
    }
    const day = expected(10, 4)[0]?.start ?? '';
    const until = `from: "2000-01-01T00:00:00Z", to: "${day}"`;
    expect(await read(symbol, candles('DAY', until))).toEqual({ candles: [] });
    const from = `from: "${day}", to: "2999-01-01T00:00:00Z"`;
    expect(await read(symbol, candles('DAY', from))).toEqual({ candles: expected(10, 4) });
    const after = `from: "2900-01-01T00:00:00Z", to: "2000-01-01T00:00:00Z"`;
    expect(await read(symbol, candles('DAY', after))).toEqual({ candles: [] });
  });
});

test('the trial balance is balanced and has the totals of accounts and fees', async () => {
  const { symbol, buyer, seller, trade } = await market({ makerFeeBps: '10', takerFeeBps: '20' });
  const before = await client.head();
  const { sequence, trades } = await trade('10.00', '10');
  expect(trades).toMatchObject([{ buyFee: '0.20', sellFee: '0.10' }]);
  const interest = `mutation { creditInterest(input: { accountId: "${buyer}", amount: "1.00" }) {
    __typename } }`;
  await server.send(interest);
  const query = `query Q($asOf: Moment) { trialBalance(asOf: $asOf) { isBalanced sequence
    assets { kind asset total entries { account balance } }
    entries { account kind asset balance } } }`;
  interface Balance {
    readonly assets: readonly {
      readonly kind: string;
      readonly asset: string;
      readonly total: string;
      readonly entries: readonly { readonly account: string; readonly balance: string }[];
    }[];
    readonly entries: readonly object[];
    readonly isBalanced: boolean;
    readonly sequence: string;
  }
  const balanceAt = async (asOf?: string) =>
    (await client.read<{ trialBalance: Balance }>(query, { asOf })).trialBalance;
  const of = ({ assets }: Balance, asset: string, account: string) =>
    Number(
      assets
        .find((each) => each.asset === asset)
        ?.entries.find((entry) => entry.account === account)?.balance ?? 0,
    );
  const [then, traded, now] = [
    await balanceAt(before),
    await balanceAt(sequence),
    await balanceAt(),
  ];
  for (const balance of [then, traded, now]) {
    expect(balance.isBalanced).toBe(true);
    for (const { total } of balance.assets) expect(Number(total)).toBe(0);
    expect(balance.entries).toHaveLength(balance.assets.flatMap(({ entries }) => entries).length);
  }
  expect(then.sequence).toBe(before);
  const change = (asset: string, account: string, [from, to]: readonly [Balance, Balance]) =>
    Math.round((of(to, asset, account) - of(from, asset, account)) * 100) / 100;
  expect(change('USD', 'FEES', [then, traded])).toBe(0.3);
  expect(change('USD', 'CUSTOMERS', [then, traded])).toBe(-0.3);
  expect(change('USD', 'EXTERNAL', [then, traded])).toBe(0);
  expect(change('USD', 'INTEREST', [traded, now])).toBe(-1);
  expect([of(now, symbol, 'CUSTOMERS'), of(now, symbol, 'EXTERNAL')]).toEqual([100, -100]);
  const { accounts } = await client.read<{ accounts: { nodes: readonly { balance: string }[] } }>(
    '{ accounts(first: 500, filter: { currency: "USD" }) { nodes { balance } } }',
  );
  const cents = accounts.nodes.reduce(
    (sum, { balance }) => sum + Math.round(Number(balance) * 100),
    0,
  );
  expect(Math.round(of(now, 'USD', 'CUSTOMERS') * 100)).toBe(cents);
  const { account } = await client.read<{ account: { positions: readonly object[] } }>(
    'query Q($id: ID!) { account(id: $id) { positions { symbol quantity } } }',
    { id: seller },
  );
  expect(account.positions).toEqual([{ symbol, quantity: '90' }]);
});
