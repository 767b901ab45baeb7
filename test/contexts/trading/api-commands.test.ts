import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';
import {
  createTradingClient,
  orderFields,
  type TradingClient,
} from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

const buy = (quantity: string, limitPrice: string) => ({ side: 'BUY', quantity, limitPrice });
const sell = (quantity: string, limitPrice: string) => ({ side: 'SELL', quantity, limitPrice });

/** An instrument with fees, an account with cash, and an account with shares. */
async function market() {
  const symbol = await client.list({ makerFeeBps: '10', takerFeeBps: '20' });
  const buyer = await client.open({ cash: '1000.00' });
  const seller = await client.open({ shares: { [symbol]: '100' } });
  return { symbol, buyer, seller };
}

describe('placing', () => {
  test('a resting order is returned with the cash that it reserves and its events in order', async () => {
    const { symbol, buyer } = await market();
    const orderId = randomUUID();
    const answer = await client.place(buyer, symbol, {
      ...buy('10', '5.00'),
      orderId,
      clientOrderId: 'mine',
      timeInForce: 'DAY',
    });
    expect(answer).toMatchObject({
      __typename: 'PlaceOrderPayload',
      replayed: false,
      dryRun: false,
      trades: [],
      order: {
        id: orderId,
        clientOrderId: 'mine',
        account: { id: buyer },
        instrument: { symbol },
        side: 'BUY',
        type: 'LIMIT',
        timeInForce: 'DAY',
        quantity: '10',
        limitPrice: '5.00',
        stopPrice: null,
        postOnly: false,
        filledQuantity: '0',
        leavesQuantity: '10',
        averagePrice: null,
        status: 'NEW',
        reason: null,
        replaces: null,
        replacedBy: null,
        fills: [],
      },
      // 50.00, and 0.2 % of it.
      account: { id: buyer, balance: '1000.00', held: '50.10', available: '949.90' },
    });
    expect(answer.order.expiresAt).toMatch(/T00:00:00.000000Z$/);
    expect(answer.events.map(({ type }) => type)).toEqual([
      ...['OrderPlaced', 'CashHeld', 'BookOpened', 'OrderBooked', 'ClientOrderIdAssigned'],
    ]);
    expect(answer.sequence).toBe(answer.events.at(-1)?.sequence);
    expect(answer.sequence).toBe(await client.head());
  });

  test('an order without an id gets one, by which it can be found', async () => {
    const { symbol, buyer } = await market();
    const { order } = await client.place(buyer, symbol, buy('1', '1.00'));
    expect(order.id).toMatch(/^[0-9a-f-]{36}$/);
    const query = `query Q($id: ID!) { order(id: $id) { ${orderFields} } }`;
    expect(await client.read(query, { id: order.id })).toEqual({ order });
    expect(await client.read(query, { id: order.id.toUpperCase() })).toEqual({ order });
  });

  test('a trade happens at the resting price, with the fees of maker and taker', async () => {
    const { symbol, buyer, seller } = await market();
    const ask = await client.place(seller, symbol, sell('4', '5.00'));
    const answer = await client.place(buyer, symbol, buy('10', '6.00'));
    const [trade] = answer.trades;
    expect(answer.trades).toHaveLength(1);
    expect(trade).toMatchObject({
      symbol,
      price: '5.00',
      quantity: '4',
      amount: '20.00',
      aggressor: 'BUY',
      buyFee: '0.04',
      sellFee: '0.02',
      buyOrder: { id: answer.order.id, status: 'PARTIALLY_FILLED' },
      sellOrder: { id: ask.order.id, status: 'FILLED' },
    });
    expect(answer.order).toMatchObject({
      status: 'PARTIALLY_FILLED',
      filledQuantity: '4',
      leavesQuantity: '6',
      averagePrice: '5',
      fills: [{ id: trade?.id, price: '5.00', quantity: '4' }],
    });
    // The rest reserves 36.00 and 0.2 % of it; the price improvement is released.
    expect(answer.account).toMatchObject({ balance: '979.96', held: '36.07', available: '943.89' });
    const recorded = answer.events.find(({ type }) => type === 'TradeExecuted');
    expect(recorded).toMatchObject({ sequence: trade?.sequence, data: { tradeId: trade?.id } });
  });

  test('a MARKET order takes what the book offers, and the rest is canceled with a reason', async () => {
    const { symbol, buyer, seller } = await market();
    await client.place(seller, symbol, sell('2', '1.00'));
    const market1 = { side: 'BUY', type: 'MARKET', timeInForce: 'IOC', quantity: '5' };
    expect(await client.place(buyer, symbol, market1)).toMatchObject({
      order: { status: 'CANCELED', filledQuantity: '2', leavesQuantity: '0', limitPrice: null },
      trades: [{ quantity: '2' }],
      account: { held: '0.00' },
    });
  });

  test('a stop order is HELD, and enters when a price reaches it', async () => {
    const { symbol, buyer, seller } = await market();
    await client.place(seller, symbol, sell('3', '9.00'));
    const stop = { side: 'BUY', type: 'STOP', quantity: '3', stopPrice: '8.00' };
    const { order } = await client.place(buyer, symbol, stop);
    expect(order).toMatchObject({ status: 'HELD', type: 'STOP', stopPrice: '8.00' });
    const price = await client.command('recordPrice', { symbol, price: '8.00' });
    expect(price.events.map(({ type }) => type)).toContain('TradeExecuted');
    const { order: after } = await client.read<{ order: object }>(
      `query Q($id: ID!) { order(id: $id) { ${orderFields} } }`,
      { id: order.id },
    );
    expect(after).toMatchObject({ status: 'FILLED', filledQuantity: '3', averagePrice: '9' });
  });
});

test('the trades of an order are returned with those of the stop orders that it triggers', async () => {
  const { symbol, buyer, seller } = await market();
  const other = await client.open({ cash: '1000.00' });
  await client.place(seller, symbol, sell('1', '5.00'));
  await client.place(seller, symbol, sell('1', '6.00'));
  const stop = { side: 'BUY', type: 'STOP', quantity: '1', stopPrice: '5.00' };
  const { order: held } = await client.place(other, symbol, stop);
  const answer = await client.place(buyer, symbol, buy('1', '5.00'));
  expect(answer.trades).toMatchObject([
    { price: '5.00', buyOrder: { id: answer.order.id } },
    { price: '6.00', buyOrder: { id: held.id, status: 'FILLED' } },
  ]);
  expect(answer.order.fills).toHaveLength(1);
});

describe('changing', () => {
  test('a cancel returns the order and its account without the reserved cash', async () => {
    const { symbol, buyer } = await market();
    const { order } = await client.place(buyer, symbol, buy('10', '5.00'));
    const answer = await client.command('cancelOrder', { orderId: order.id, reason: 'bored' });
    expect(answer).toMatchObject({
      __typename: 'CancelOrderPayload',
      order: { id: order.id, status: 'CANCELED', leavesQuantity: '0', reason: 'bored' },
      account: { id: buyer, held: '0.00' },
    });
    expect(await client.command('cancelOrder', { orderId: order.id })).toMatchObject({
      __typename: 'OrderNotOpenError',
      code: 'ORDER_NOT_OPEN',
      orderId: order.id,
    });
  });

  test('a replace returns both orders, which refer to each other', async () => {
    const { symbol, buyer, seller } = await market();
    const { order: old } = await client.place(buyer, symbol, buy('10', '5.00'));
    await client.place(seller, symbol, sell('3', '5.00'));
    const newOrderId = randomUUID();
    const answer = await client.command('replaceOrder', {
      orderId: old.id,
      newOrderId,
      quantity: '7',
    });
    expect(answer).toMatchObject({
      __typename: 'ReplaceOrderPayload',
      order: {
        id: newOrderId,
        quantity: '7',
        filledQuantity: '3',
        leavesQuantity: '4',
        status: 'PARTIALLY_FILLED',
        limitPrice: '5.00',
        replaces: { id: old.id },
        fills: [{ price: '5.00', quantity: '3' }],
      },
      replaced: { id: old.id, status: 'REPLACED', leavesQuantity: '0', filledQuantity: '3' },
      trades: [],
      account: { id: buyer, held: '20.04' },
    });
    expect(answer.replaced).toMatchObject({ replacedBy: { id: newOrderId } });
  });

  test('a replace that crosses the book trades', async () => {
    const { symbol, buyer, seller } = await market();
    await client.place(seller, symbol, sell('3', '5.50'));
    const { order } = await client.place(buyer, symbol, buy('2', '5.00'));
    expect(
      await client.command('replaceOrder', { orderId: order.id, limitPrice: '6.00' }),
    ).toMatchObject({
      order: { status: 'FILLED', limitPrice: '6.00', replaces: { id: order.id } },
      trades: [{ price: '5.50', quantity: '2', aggressor: 'BUY' }],
      account: { held: '0.00' },
    });
  });

  test('a replace to at most the filled quantity finishes the order', async () => {
    const { symbol, buyer, seller } = await market();
    const { order } = await client.place(buyer, symbol, buy('5', '5.00'));
    await client.place(seller, symbol, sell('3', '5.00'));
    expect(
      await client.command('replaceOrder', { orderId: order.id, quantity: '2' }),
    ).toMatchObject({
      order: { status: 'FILLED', filledQuantity: '3', leavesQuantity: '0' },
      replaced: { status: 'REPLACED' },
      account: { held: '0.00' },
    });
  });

  test('halting and resuming return the instrument, and record nothing when repeated', async () => {
    const symbol = await client.list();
    const halt = { symbol, reason: 'news' };
    expect(await client.command('haltTrading', halt)).toMatchObject({
      __typename: 'HaltTradingPayload',
      instrument: { symbol, tradingStatus: 'HALTED' },
      events: [{ type: 'TradingHalted', data: { symbol, reason: 'news' } }],
    });
    expect(await client.command('haltTrading', halt)).toMatchObject({ events: [] });
    expect(await client.command('resumeTrading', { symbol })).toMatchObject({
      instrument: { tradingStatus: 'OPEN' },
      events: [{ type: 'TradingResumed', data: { symbol, reason: null } }],
    });
    expect(await client.command('resumeTrading', { symbol })).toMatchObject({ events: [] });
  });

  test('a halted instrument rejects new orders and allows cancels', async () => {
    const { symbol, buyer } = await market();
    const { order } = await client.place(buyer, symbol, buy('1', '1.00'));
    await client.command('haltTrading', { symbol });
    const halted = { __typename: 'InstrumentHaltedError', code: 'INSTRUMENT_HALTED', symbol };
    expect(await client.place(buyer, symbol, buy('1', '1.00'))).toMatchObject(halted);
    const replace = { orderId: order.id, limitPrice: '2.00' };
    expect(await client.command('replaceOrder', replace)).toMatchObject(halted);
    expect(await client.command('cancelOrder', { orderId: order.id })).toMatchObject({
      order: { status: 'CANCELED' },
    });
  });

  test('shares can be deposited into a frozen account too, with their cost', async () => {
    const symbol = await client.list();
    const accountId = await client.open();
    await client.command('freezeAccount', { accountId });
    const input = { accountId, symbol, quantity: '10', costPrice: '2.50', reference: 'gift' };
    expect(await client.command('depositShares', input)).toMatchObject({
      __typename: 'DepositSharesPayload',
      account: { id: accountId, balance: '0.00' },
      events: [{ type: 'SharesDeposited', data: { symbol, quantity: '10', cost: '25' } }],
    });
  });
});

describe('a dry run', () => {
  test('of an order shows the order and its trades, and records nothing', async () => {
    const { symbol, buyer, seller } = await market();
    const ask = await client.place(seller, symbol, sell('4', '5.00'));
    const before = await client.head();
    const answer = await client.place(buyer, symbol, { ...buy('10', '5.00'), dryRun: true });
    expect(answer).toMatchObject({
      dryRun: true,
      replayed: false,
      events: [],
      sequence: before,
      order: { status: 'PARTIALLY_FILLED', filledQuantity: '4', fills: [{ quantity: '4' }] },
      trades: [
        {
          quantity: '4',
          buyOrder: { id: answer.order?.id, status: 'PARTIALLY_FILLED' },
          sellOrder: { id: expect.stringContaining(`${ask.order.id}@`), status: 'FILLED' },
        },
      ],
      account: { balance: '979.96' },
    });
    expect(await client.head()).toBe(before);
    const { order } = await client.read<{ order: null }>(
      'query Q($id: ID!) { order(id: $id) { id } }',
      { id: answer.order.id.split('@')[0] },
    );
    expect(order).toBeNull();
  });

  test('of a cancel or a replace shows the resulting order', async () => {
    const { symbol, buyer } = await market();
    const { order } = await client.place(buyer, symbol, buy('10', '5.00'));
    const before = await client.head();
    const dry = { orderId: order.id, dryRun: true };
    expect(await client.command('cancelOrder', dry)).toMatchObject({
      dryRun: true,
      events: [],
      order: { status: 'CANCELED' },
      account: { held: '0.00' },
    });
    const replace = await client.command('replaceOrder', { ...dry, quantity: '4' });
    expect(replace).toMatchObject({
      order: { quantity: '4', status: 'NEW', replaces: { id: replace.replaced?.id } },
      replaced: {
        id: expect.stringContaining(`${order.id}@`),
        status: 'REPLACED',
        replacedBy: { id: replace.order?.id },
      },
      account: { held: '20.04' },
    });
    expect(await client.head()).toBe(before);
  });

  test('of a rejected order returns the rejection, and does not record the order', async () => {
    const { symbol, buyer } = await market();
    const before = await client.head();
    const tooMuch = { ...buy('1000', '5.00'), dryRun: true };
    expect(await client.place(buyer, symbol, tooMuch)).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(await client.head()).toBe(before);
  });
});
