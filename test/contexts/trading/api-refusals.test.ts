import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';
import {
  accepted,
  createTradingClient,
  type Input,
  orderFields,
  type TradingClient,
} from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
let symbol: string;
let buyer: string;
let seller: string;
let resting: string;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  symbol = await client.list({ lotSize: '0.5', tickSize: '0.05' });
  buyer = await client.open({ cash: '100.00' });
  seller = await client.open({ shares: { [symbol]: '10' } });
  const rest = { side: 'SELL', quantity: '2', limitPrice: '9.00' };
  resting = (await accepted(client.place(seller, symbol, rest))).order.id;
});
afterAll(() => server.dispose());

const limit = { side: 'BUY', quantity: '1', limitPrice: '5.00' };
const unknownId = randomUUID();
const later = '2999-01-01T00:00:00.000000Z';

interface Rejection {
  readonly name: string;
  readonly input: () => Input;
  readonly type: string;
  readonly code: string;
  readonly fields: () => Input;
}

const order = (fields: Input) => () => ({
  accountId: buyer,
  symbol,
  type: 'LIMIT',
  timeInForce: 'GTC',
  ...limit,
  ...fields,
});

function rejection(name: string, input: () => Input, type: string, fields: () => Input): Rejection {
  const code = type.replace(/(?<=.)[A-Z]/g, '_$&').toUpperCase();
  return { name, input, type, code, fields };
}

const rejections: readonly Rejection[] = [
  rejection('placeOrder', order({ accountId: unknownId }), 'AccountNotFound', () => ({
    accountId: unknownId,
  })),
  rejection('placeOrder', order({ accountId: 'no-uuid' }), 'AccountNotFound', () => ({
    accountId: 'no-uuid',
  })),
  rejection('placeOrder', order({ symbol: 'NONE' }), 'InstrumentNotFound', () => ({
    symbol: 'NONE',
  })),
  rejection('placeOrder', order({ symbol: '' }), 'InstrumentNotFound', () => ({ symbol: '' })),
  rejection('placeOrder', order({ quantity: '0.75' }), 'InvalidQuantity', () => ({
    quantity: '0.75',
    lotSize: '0.5',
  })),
  rejection('placeOrder', order({ quantity: '0' }), 'InvalidQuantity', () => ({ quantity: '0' })),
  rejection('placeOrder', order({ quantity: '-1' }), 'InvalidQuantity', () => ({ quantity: '-1' })),
  rejection('placeOrder', order({ quantity: '9'.repeat(20) }), 'InvalidQuantity', () => ({})),
  rejection('placeOrder', order({ limitPrice: '5.01' }), 'InvalidPrice', () => ({ price: '5.01' })),
  rejection('placeOrder', order({ limitPrice: '0' }), 'InvalidPrice', () => ({ price: '0' })),
  rejection(
    'placeOrder',
    order({ type: 'STOP_LIMIT', stopPrice: '-0.05' }),
    'InvalidPrice',
    () => ({
      price: '-0.05',
    }),
  ),
  rejection('placeOrder', order({ quantity: '20.5' }), 'InsufficientFunds', () => ({
    accountId: buyer,
    available: '100.00',
    requested: '102.50',
  })),
  rejection(
    'placeOrder',
    () => order({ accountId: seller, side: 'SELL', quantity: '8.5' })(),
    'InsufficientShares',
    () => ({ accountId: seller, symbol, available: '8.0', requested: '8.5' }),
  ),
  rejection(
    'placeOrder',
    order({ limitPrice: '9.50', postOnly: true }),
    'PostOnlyWouldCross',
    () => ({
      limitPrice: '9.50',
      bestPrice: '9.00',
    }),
  ),
  rejection(
    'placeOrder',
    () => order({ orderId: resting })(),
    'OrderAlreadyExists',
    () => ({
      orderId: resting,
    }),
  ),
  rejection(
    'cancelOrder',
    () => ({ orderId: unknownId }),
    'OrderNotFound',
    () => ({ orderId: unknownId }),
  ),
  rejection(
    'cancelOrder',
    () => ({ orderId: 'x' }),
    'OrderNotFound',
    () => ({ orderId: 'x' }),
  ),
  rejection(
    'replaceOrder',
    () => ({ orderId: unknownId }),
    'OrderNotFound',
    () => ({}),
  ),
  rejection(
    'replaceOrder',
    () => ({ orderId: resting, quantity: '0.3' }),
    'InvalidQuantity',
    () => ({
      quantity: '0.3',
    }),
  ),
  rejection(
    'replaceOrder',
    () => ({ orderId: resting, limitPrice: '1.01' }),
    'InvalidPrice',
    () => ({
      price: '1.01',
    }),
  ),
  rejection(
    'replaceOrder',
    () => ({ orderId: resting, stopPrice: '1.00' }),
    'InvalidPrice',
    () => ({
      price: '1.00',
    }),
  ),
  rejection(
    'replaceOrder',
    () => ({ orderId: resting, quantity: '10.5' }),
    'InsufficientShares',
    () => ({
      available: '10.0',
      requested: '10.5',
    }),
  ),
  rejection(
    'replaceOrder',
    () => ({ orderId: resting, newOrderId: resting }),
    'OrderAlreadyExists',
    () => ({ orderId: resting }),
  ),
  rejection(
    'depositShares',
    () => deposit({ accountId: unknownId }),
    'AccountNotFound',
    () => ({}),
  ),
  rejection(
    'depositShares',
    () => deposit({ symbol: 'NONE' }),
    'InstrumentNotFound',
    () => ({}),
  ),
  rejection(
    'depositShares',
    () => deposit({ quantity: '0.1' }),
    'InvalidQuantity',
    () => ({}),
  ),
  rejection(
    'depositShares',
    () => deposit({ costPrice: '-1' }),
    'InvalidPrice',
    () => ({
      price: '-1',
    }),
  ),
  rejection(
    'haltTrading',
    () => ({ symbol: 'NONE' }),
    'InstrumentNotFound',
    () => ({
      symbol: 'NONE',
    }),
  ),
  rejection(
    'resumeTrading',
    () => ({ symbol: 'NONE' }),
    'InstrumentNotFound',
    () => ({}),
  ),
  rejection(
    'recordPrice',
    () => ({ symbol, price: '0' }),
    'InvalidPrice',
    () => ({ price: '0' }),
  ),
];

function deposit(fields: Input): Input {
  return { accountId: seller, symbol, quantity: '1', costPrice: '1.00', ...fields };
}

test('each rejection has its type, its code and its fields', async () => {
  for (const { name, input, type, code, fields } of rejections) {
    expect(await client.command(name, input()), `${name} ${type}`).toEqual(
      expect.objectContaining({ __typename: `${type}Error`, code, ...fields() }),
    );
  }
});

test('an account in another currency can neither trade nor receive shares', async () => {
  const euros = await client.list({ currency: 'EUR' });
  const mismatch = { code: 'CURRENCY_MISMATCH', expectedCurrency: 'EUR', actualCurrency: 'USD' };
  expect(await client.place(buyer, euros, limit)).toMatchObject(mismatch);
  const shares = { accountId: buyer, symbol: euros, quantity: '1', costPrice: '1.00' };
  expect(await client.command('depositShares', shares)).toMatchObject(mismatch);
});

describe('an order that the market rejects', () => {
  test('is recorded, with the status REJECTED and the reason', async () => {
    const orderId = randomUUID();
    const before = Number(await client.head());
    const answer = await client.place(buyer, symbol, { ...limit, quantity: '1000', orderId });
    expect(Number(await client.head())).toBe(before + 1);
    const query = `query Q($id: ID!, $s: Sequence) { order(id: $id) { ${orderFields} }
      event(sequence: $s) { type streamId ... on OrderRejected { code reason } } }`;
    expect(await client.read(query, { id: orderId, s: String(before + 1) })).toMatchObject({
      order: {
        id: orderId,
        status: 'REJECTED',
        reason: answer.message,
        quantity: '1000',
        leavesQuantity: '0',
        filledQuantity: '0',
        sequence: String(before + 1),
      },
      event: { type: 'OrderRejected', streamId: `order-${orderId}`, code: 'INSUFFICIENT_FUNDS' },
    });
    expect(await client.command('cancelOrder', { orderId })).toMatchObject({
      code: 'ORDER_NOT_OPEN',
    });
    expect(await client.place(buyer, symbol, { ...limit, orderId })).toMatchObject({
      code: 'ORDER_ALREADY_EXISTS',
    });
  });

  test('returns the same answer when its key is sent again', async () => {
    const input = {
      ...limit,
      quantity: '1000',
      orderId: randomUUID(),
      idempotencyKey: randomUUID(),
    };
    const first = await client.place(buyer, symbol, input);
    expect(first.code).toBe('INSUFFICIENT_FUNDS');
    await client.command('depositCash', { accountId: buyer, amount: '5000.00' });
    const head = await client.head();
    const again = await client.place(buyer, symbol, input);
    expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    expect(await client.head()).toBe(head);
    await client.command('withdrawCash', { accountId: buyer, amount: '5000.00' });
  });
});

describe('an idempotency key', () => {
  test('returns the same answer byte for byte, whatever has happened since', async () => {
    const other = await client.open({ cash: '100.00' });
    await client.place(seller, symbol, { side: 'SELL', quantity: '1', limitPrice: '6.00' });
    const placing = { ...limit, quantity: '2', limitPrice: '6.00', idempotencyKey: randomUUID() };
    const placed = await client.place(other, symbol, placing);
    expect(placed).toMatchObject({ order: { status: 'PARTIALLY_FILLED' }, trades: [{}] });
    const replacing = {
      orderId: placed.order.id,
      limitPrice: '5.50',
      idempotencyKey: randomUUID(),
    };
    const replaced = await client.command('replaceOrder', replacing);
    const canceling = { orderId: replaced.order.id, idempotencyKey: randomUUID() };
    const canceled = await client.command('cancelOrder', canceling);
    const head = await client.head();
    const again = [
      await client.place(other, symbol, placing),
      await client.command('replaceOrder', replacing),
      await client.command('cancelOrder', canceling),
    ];
    for (const [index, first] of [placed, replaced, canceled].entries()) {
      expect(JSON.stringify(again[index])).toBe(JSON.stringify({ ...first, replayed: true }));
    }
    expect(await client.head()).toBe(head);
  });

  test('that is used with another input or command is IDEMPOTENCY_KEY_REUSED', async () => {
    const idempotencyKey = randomUUID();
    const { order: placed } = await client.place(buyer, symbol, { ...limit, idempotencyKey });
    const reused = { code: 'IDEMPOTENCY_KEY_REUSED' };
    const other = { ...limit, quantity: '2', idempotencyKey };
    expect(await client.place(buyer, symbol, other)).toMatchObject(reused);
    const cancel = { orderId: placed.id, idempotencyKey };
    expect(await client.command('cancelOrder', cancel)).toMatchObject(reused);
    await accepted(client.command('cancelOrder', { orderId: placed.id }));
  });

  test('returns the answer for a GTD order even after the order has expired', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const input = { ...limit, timeInForce: 'GTD', expiresAt, idempotencyKey: randomUUID() };
    const first = await accepted(client.place(buyer, symbol, input));
    await expect.poll(() => new Date().toISOString() > expiresAt, { timeout: 5_000 }).toBe(true);
    expect(await client.place(buyer, symbol, input)).toEqual({ ...first, replayed: true });
  });
});

const malformed: readonly [what: string, name: string, fields: Input][] = [
  ['a LIMIT without a limitPrice', 'placeOrder', { limitPrice: null }],
  ['a MARKET with a limitPrice', 'placeOrder', { type: 'MARKET' }],
  ['a LIMIT with a stopPrice', 'placeOrder', { stopPrice: '1.00' }],
  ['a STOP without a stopPrice', 'placeOrder', { type: 'STOP', limitPrice: null }],
  ['a STOP with a limitPrice', 'placeOrder', { type: 'STOP', stopPrice: '1.00' }],
  ['a STOP_LIMIT without a limitPrice', 'placeOrder', { type: 'STOP_LIMIT', limitPrice: null }],
  ['a GTD without expiresAt', 'placeOrder', { timeInForce: 'GTD' }],
  ['a GTD in the past', 'placeOrder', { timeInForce: 'GTD', expiresAt: '2020-01-01T00:00:00Z' }],
  ['a GTC with expiresAt', 'placeOrder', { expiresAt: later }],
  ['30 February', 'placeOrder', { timeInForce: 'GTD', expiresAt: '2999-02-30T00:00:00Z' }],
  ['postOnly with IOC', 'placeOrder', { postOnly: true, timeInForce: 'IOC' }],
  ['postOnly with FOK', 'placeOrder', { postOnly: true, timeInForce: 'FOK' }],
  [
    'postOnly with a STOP_LIMIT',
    'placeOrder',
    { postOnly: true, type: 'STOP_LIMIT', stopPrice: '1.00' },
  ],
  ['a number for a Decimal', 'placeOrder', { quantity: 1 }],
  ['a number for a price', 'placeOrder', { limitPrice: 5.5 }],
  ['an exponent', 'placeOrder', { quantity: '1e1' }],
  ['an orderId that is no UUID', 'placeOrder', { orderId: 'mine' }],
  ['no side', 'placeOrder', { side: undefined }],
  ['an unknown side', 'placeOrder', { side: 'SHORT' }],
  ['a NUL in a clientOrderId', 'placeOrder', { clientOrderId: 'a\u0000' }],
  ['a long clientOrderId', 'placeOrder', { clientOrderId: 'a'.repeat(201) }],
  ['a NUL in a symbol', 'placeOrder', { symbol: 'A\u0000' }],
  ['half a character in an id', 'placeOrder', { accountId: '\ud800' }],
  ['an occurredAt of an order', 'placeOrder', { occurredAt: '2020-01-01T00:00:00Z' }],
  ['an empty key', 'placeOrder', { idempotencyKey: '' }],
  ['no order', 'cancelOrder', {}],
  ['a NUL in a reason', 'cancelOrder', { orderId: unknownId, reason: '\u0000' }],
  ['a newOrderId that is no UUID', 'replaceOrder', { orderId: unknownId, newOrderId: 'x' }],
  ['a number for a quantity', 'replaceOrder', { orderId: unknownId, quantity: 3 }],
  ['a number for a cost', 'depositShares', { quantity: '1', costPrice: 1 }],
  ['no cost', 'depositShares', { quantity: '1' }],
  ['a NUL in a halted symbol', 'haltTrading', { symbol: '\u0000' }],
  ['an empty tick', 'listInstrument', { tickSize: '' }],
  ['a lot of 16 digits', 'listInstrument', { lotSize: '1.000000000000001' }],
  ['a fee in percent', 'listInstrument', { takerFeeBps: '1%' }],
];
test.each(malformed)('%s is BAD_USER_INPUT', async (_what, name, fields) => {
  const usual: Readonly<Record<string, Input>> = {
    placeOrder: order({})(),
    depositShares: { accountId: seller, symbol },
    listInstrument: { symbol: 'NEW', name: 'New', currency: 'USD', tickSize: '1', lotSize: '1' },
  };
  const head = await client.head();
  expect(await client.malformed(name, { ...usual[name], ...fields })).toBe('BAD_USER_INPUT');
  expect(await client.head()).toBe(head);
});

const questions: readonly [question: string, code: string][] = [
  ['instrument(symbol: "$symbol") { orderBook(depth: 0) { symbol } }', 'BAD_USER_INPUT'],
  ['instrument(symbol: "$symbol") { orderBook(depth: 501) { symbol } }', 'BAD_USER_INPUT'],
  ['instrument(symbol: "$symbol") { orderBook(depth: -1) { symbol } }', 'BAD_USER_INPUT'],
  ['trades(symbol: "$symbol", first: 501) { nodes { id } }', 'BAD_USER_INPUT'],
  ['trades(symbol: "$symbol", first: 1, last: 1) { nodes { id } }', 'BAD_USER_INPUT'],
  ['trades(symbol: "$symbol", after: "x") { nodes { id } }', 'BAD_USER_INPUT'],
  ['orders(first: -1) { nodes { id } }', 'BAD_USER_INPUT'],
  ['orders(before: "W10=") { nodes { id } }', 'BAD_USER_INPUT'],
  ['orders(filter: { status: OPEN }) { nodes { id } }', 'BAD_USER_INPUT'],
  ['trialBalance(asOf: "999999999") { isBalanced }', 'BAD_USER_INPUT'],
  ['order(id: "x", asOf: "2999-01-01T00:00:00Z") { id }', 'BAD_USER_INPUT'],
  ['orders(filter: { symbol: "A\\u0000" }) { nodes { id } }', 'BAD_USER_INPUT'],
  ['trades(symbol: "A\\u0000") { nodes { id } }', 'BAD_USER_INPUT'],
];
test.each(questions)('%s is refused', async (question, code) => {
  const { errors } = await server.send(`{ ${question.replace('$symbol', symbol)} }`);
  expect(errors?.[0]?.extensions).toMatchObject({ code });
});
