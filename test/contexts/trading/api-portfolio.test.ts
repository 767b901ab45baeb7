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

const query = `query Q($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) {
  positions { symbol quantity }
  portfolio { account { accountId balance } cash marketValue equity unrealizedPnl realizedPnl sequence
    positions { symbol instrument { symbol lastPrice } quantity held averageCost cost marketPrice
      marketValue unrealizedPnl realizedPnl } } } }`;

interface Portfolio {
  readonly positions: readonly { readonly symbol: string }[];
  readonly sequence: string;
}

async function portfolioOf(id: string, asOf?: string): Promise<Portfolio> {
  const { account } = await client.read<{
    account: { positions: Portfolio['positions']; portfolio: Portfolio };
  }>(query, { id, asOf });
  const { positions, portfolio } = account;
  expect(positions.map(({ symbol }) => symbol)).toEqual(
    portfolio.positions.map(({ symbol }) => symbol),
  );
  return portfolio;
}

describe('a portfolio', () => {
  test('has the figures of a bookkeeper, now and at each past sequence', async () => {
    const symbol = await client.list({ makerFeeBps: '10', takerFeeBps: '20' });
    const other = await client.open({ cash: '1000.00', shares: { [symbol]: '100' } });
    const trader = await client.open({ cash: '1000.00' });
    const steps: { readonly at: string; readonly portfolio: object }[] = [];
    async function note(expected: object, position: object | null) {
      const at = await client.head();
      const portfolio = await portfolioOf(trader);
      expect(portfolio).toMatchObject({ sequence: at, ...expected });
      const positions = position === null ? [] : [{ symbol, ...position }];
      expect(portfolio.positions).toMatchObject(positions);
      expect(portfolio.positions).toHaveLength(positions.length);
      steps.push({ at, portfolio });
    }
    await note({ cash: '1000.00', marketValue: '0.00', equity: '1000.00' }, null);

    // 3 at 10.00 and a fee of 0.06: 30.06, which is 10.02 each.
    await accepted(client.place(other, symbol, sell('3', '10.00')));
    await accepted(client.place(trader, symbol, buy('3', '10.00')));
    await note(
      { cash: '969.94', marketValue: '30.00', equity: '999.94', unrealizedPnl: '-0.06' },
      { quantity: '3', cost: '30.06', averageCost: '10.02000000', marketPrice: '10.00' },
    );

    // 4 at 11.01 and a fee of 0.09 (0.08808): 74.19 for 7, which is 10.598571428…
    await accepted(client.place(other, symbol, sell('4', '11.01')));
    await accepted(client.place(trader, symbol, buy('4', '12.00')));
    await note(
      { cash: '925.81', marketValue: '77.07', equity: '1002.88', unrealizedPnl: '2.88' },
      { quantity: '7', averageCost: '10.59857143', marketValue: '77.07', unrealizedPnl: '2.88' },
    );

    // 2 at 12.00 less a fee of 0.02 (0.024): 23.98 - 21.20, two sevenths of 74.19.
    await accepted(client.place(trader, symbol, sell('3', '12.00')));
    await accepted(client.place(other, symbol, buy('2', '12.00')));
    await note(
      { cash: '949.79', marketValue: '60.00', realizedPnl: '2.78', unrealizedPnl: '7.01' },
      { quantity: '5', held: '1', cost: '52.99', averageCost: '10.59857143', realizedPnl: '2.78' },
    );

    // 5 at 9.995 are 49.975, half-up 49.98; and 49.98 - 52.99 = -3.01.
    await accepted(client.command('recordPrice', { symbol, price: '9.995' }));
    await note(
      { cash: '949.79', marketValue: '49.98', equity: '999.77', unrealizedPnl: '-3.01' },
      { marketPrice: '9.995', marketValue: '49.98', instrument: { lastPrice: '9.995' } },
    );

    // 4 at 10.00 less 0.08: 39.92 - 42.39, as six sevenths are 63.59; 2.78 - 2.47 = 0.31.
    await accepted(client.place(other, symbol, buy('4', '10.00')));
    await accepted(client.place(trader, symbol, sell('4', '10.00')));
    await note(
      { cash: '989.71', marketValue: '10.00', realizedPnl: '0.31' },
      { quantity: '1', held: '1' },
    );

    // The last one at 12.00 less 0.02, as the fee of its order is 0.036 now: 11.98 - 10.60 = 1.38.
    await accepted(client.place(other, symbol, buy('1', '12.00')));
    await note(
      {
        cash: '1001.69',
        marketValue: '0.00',
        equity: '1001.69',
        unrealizedPnl: '0.00',
        realizedPnl: '1.69',
      },
      null,
    );

    // A share that is bought again has its new cost; the realized profit stays.
    await accepted(client.place(other, symbol, sell('1', '7.00')));
    await accepted(client.place(trader, symbol, buy('1', '7.00')));
    await note(
      { cash: '994.68', realizedPnl: '1.69' },
      { quantity: '1', averageCost: '7.01000000', realizedPnl: '1.69', unrealizedPnl: '-0.01' },
    );
    for (const { at, portfolio } of steps) expect(await portfolioOf(trader, at)).toEqual(portfolio);
  });

  test('rounds an average cost half-up to 8 decimals, and values no shares without a price', async () => {
    const [first = '', second = ''] = [await client.list(), await client.list()].sort();
    const accountId = await client.open({ cash: '5.00' });
    const cost = { accountId, symbol: second, quantity: '512', costPrice: '0.001953125' };
    await accepted(client.command('depositShares', cost));
    const free = { accountId, symbol: first, quantity: '1', costPrice: '0' };
    await accepted(client.command('depositShares', free));
    const unpriced = { marketPrice: null, marketValue: null, unrealizedPnl: null };
    expect(await portfolioOf(accountId)).toMatchObject({
      cash: '5.00',
      marketValue: '0.00',
      equity: '5.00',
      unrealizedPnl: '0.00',
      positions: [
        { symbol: first, averageCost: '0.00000000', ...unpriced },
        { symbol: second, averageCost: '0.00195313', ...unpriced },
      ],
    });
    await accepted(client.command('recordPrice', { symbol: second, price: '0.02' }));
    expect(await portfolioOf(accountId)).toMatchObject({ marketValue: '10.24', equity: '15.24' });
  });

  test('of an account in yen has no fractions', async () => {
    const symbol = await client.list({ currency: 'JPY', tickSize: '0.5', takerFeeBps: '50' });
    const { account } = await accepted(
      client.command('openAccount', { owner: 'Ada', currency: 'JPY' }),
    );
    const deposit = { accountId: account.id, symbol, quantity: '3', costPrice: '100.5' };
    await accepted(client.command('depositShares', deposit));
    await accepted(client.command('recordPrice', { symbol, price: '100.17' }));
    // 300.51 and 300.51 - 301.5.
    expect(await portfolioOf(account.id)).toMatchObject({
      cash: '0',
      marketValue: '301',
      equity: '301',
      unrealizedPnl: '-1',
      realizedPnl: '0',
    });
  });
});

test('the fills of an order include those of the orders that it replaced', async () => {
  const symbol = await client.list();
  const seller = await client.open({ shares: { [symbol]: '100' } });
  const buyer = await client.open({ cash: '1000.00' });
  const { order: first } = await accepted(client.place(buyer, symbol, buy('20', '5.00')));
  await accepted(client.place(seller, symbol, sell('1', '5.00')));
  await accepted(client.place(seller, symbol, sell('2', '5.00')));
  const larger = { orderId: first.id, quantity: '21', limitPrice: '6.00' };
  const { order: second } = await accepted(client.command('replaceOrder', larger));
  const { order: third, sequence } = await accepted(
    client.command('replaceOrder', { orderId: second.id, quantity: '10' }),
  );
  await accepted(client.place(seller, symbol, sell('3', '6.00')));
  const { order: fourth } = await accepted(
    client.command('replaceOrder', { orderId: third.id, quantity: '9' }),
  );
  await accepted(client.place(seller, symbol, sell('4', '1.00')));
  const read = async (id: string, asOf?: string) =>
    client.read(
      `query Q($id: ID!, $asOf: Moment) { order(id: $id, asOf: $asOf) { quantity filledQuantity
        status averagePrice fills { quantity price } } }`,
      { id, asOf },
    );
  const fills = ['1', '2', '3', '3'].map((quantity, index) => ({
    quantity,
    price: index < 2 ? '5.00' : '6.00',
  }));
  // 15.00 and 36.00, which is 5.6666… each.
  expect(await read(fourth.id)).toEqual({
    order: {
      quantity: '9',
      filledQuantity: '9',
      status: 'FILLED',
      averagePrice: '5.66666667',
      fills,
    },
  });
  expect(await read(third.id)).toMatchObject({
    order: { status: 'REPLACED', filledQuantity: '6', fills: fills.slice(0, 3) },
  });
  expect(await read(second.id)).toMatchObject({
    order: { filledQuantity: '3', fills: fills.slice(0, 2) },
  });
  expect(await read(third.id, sequence)).toMatchObject({
    order: { status: 'PARTIALLY_FILLED', filledQuantity: '3', fills: fills.slice(0, 2) },
  });
});

test('an account with shares, or with cash reserved for orders, is not empty', async () => {
  const symbol = await client.list();
  const accountId = await client.open({ shares: { [symbol]: '1' } });
  const notEmpty = { code: 'ACCOUNT_NOT_EMPTY', accountId };
  expect(await client.command('closeAccount', { accountId })).toMatchObject({
    ...notEmpty,
    balance: '0.00',
  });
  const { order } = await accepted(client.place(accountId, symbol, sell('1', '2.00')));
  expect(await client.command('closeAccount', { accountId })).toMatchObject(notEmpty);
  const buyer = await client.open({ cash: '2.00' });
  const bid = await accepted(client.place(buyer, symbol, buy('1', '1.00')));
  expect(await client.command('closeAccount', { accountId: buyer })).toMatchObject({
    code: 'ACCOUNT_NOT_EMPTY',
    balance: '2.00',
  });
  expect(await client.command('withdrawCash', { accountId: buyer, amount: '2.00' })).toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
    available: '1.00',
    requested: '2.00',
  });
  await accepted(client.command('cancelOrder', { orderId: bid.order.id }));
  await accepted(client.place(buyer, symbol, buy('1', '2.00')));
  expect(await client.command('closeAccount', { accountId: buyer })).toMatchObject({
    code: 'ACCOUNT_NOT_EMPTY',
    balance: '0.00',
  });
  const { order: sold } = await client.read<{ order: object }>(
    'query Q($id: ID!) { order(id: $id) { status } }',
    { id: order.id },
  );
  expect(sold).toEqual({ status: 'FILLED' });
  await accepted(client.command('withdrawCash', { accountId, amount: '2.00' }));
  expect(await client.command('closeAccount', { accountId })).toMatchObject({
    __typename: 'CloseAccountPayload',
  });
});
