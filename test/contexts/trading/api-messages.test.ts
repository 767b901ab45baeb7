import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';
import {
  createTradingClient,
  type Input,
  type TradingClient,
} from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
let account: string;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  await client.list({ symbol: 'ABC', tickSize: '0.05', lotSize: '10' });
  account = await client.open({ cash: '100.00', shares: { ABC: '100' } });
});
afterAll(() => server.dispose());

type Case = readonly [input: Input, code: string, message: string];

const huge = '99999999999999999990';
const limit = '9007199254740991';
const orders: readonly Case[] = [
  [{ quantity: '0' }, 'INVALID_QUANTITY', 'the quantity must be greater than zero, not 0'],
  [{ quantity: '-10' }, 'INVALID_QUANTITY', 'the quantity must be greater than zero, not -10'],
  [{ quantity: '-0.00' }, 'INVALID_QUANTITY', 'the quantity must be greater than zero, not 0.00'],
  [{ quantity: '15' }, 'INVALID_QUANTITY', 'the quantity 15 is not a multiple of the lot size 10'],
  [
    { quantity: '10.5' },
    'INVALID_QUANTITY',
    'the quantity 10.5 is not a multiple of the lot size 10',
  ],
  [
    { quantity: huge },
    'INVALID_QUANTITY',
    `the quantity ${huge} is too large: it must be at most ${limit} times the lot size 10`,
  ],
  [{ limitPrice: '0' }, 'INVALID_PRICE', 'the price must be greater than zero, not 0'],
  [{ limitPrice: '-0.05' }, 'INVALID_PRICE', 'the price must be greater than zero, not -0.05'],
  [
    { limitPrice: '1.01' },
    'INVALID_PRICE',
    'the price 1.01 is not a multiple of the tick size 0.05',
  ],
  [
    { limitPrice: huge },
    'INVALID_PRICE',
    `the price ${huge} is too large: it must be at most ${limit} times the tick size 0.05`,
  ],
  [
    { type: 'STOP', limitPrice: null, stopPrice: '1.01' },
    'INVALID_PRICE',
    'the price 1.01 is not a multiple of the tick size 0.05',
  ],
];
test.each(orders)(
  'placeOrder with %o is rejected as %s with a message',
  async (input, code, message) => {
    const order = { side: 'BUY', quantity: '10', limitPrice: '1.00', ...input };
    expect(await client.place(account, 'ABC', order)).toMatchObject({ code, message });
  },
);

test('replaceOrder and depositShares are rejected with the same messages', async () => {
  const buy = { side: 'BUY', quantity: '10', limitPrice: '1.00' };
  const { order } = await client.place(account, 'ABC', buy);
  const replace = (changes: Input) =>
    client.command('replaceOrder', { orderId: order.id, ...changes });
  expect(await replace({ quantity: '0' })).toMatchObject({
    message: 'the quantity must be greater than zero, not 0',
  });
  expect(await replace({ limitPrice: '1.01' })).toMatchObject({
    message: 'the price 1.01 is not a multiple of the tick size 0.05',
  });
  const shares = { accountId: account, symbol: 'ABC', quantity: '15', costPrice: '1.00' };
  expect(await client.command('depositShares', shares)).toMatchObject({
    message: 'the quantity 15 is not a multiple of the lot size 10',
  });
});

const listings: readonly [input: Input, message: RegExp][] = [
  [{ symbol: '^GSPC' }, /"\^GSPC" begins with "\^": a symbol must begin with a letter or a digit$/],
  [{ symbol: '' }, /a symbol must have 1 to 20 characters, like "MSFT"; it is empty$/],
  [{ symbol: 'A'.repeat(21) }, /a symbol must have 1 to 20 characters, not 21$/],
  [
    { symbol: 'BRK/B' },
    /"BRK\/B" contains "\/": a symbol may contain only A-Z, 0-9, "\.", "\^", "_"/,
  ],
  [{ symbol: 'GRÜN' }, /"GRÜN" contains "Ü"/],
  [{ symbol: 'Msft' }, /"Msft" is in lower case: a symbol must be in upper case, like "MSFT"$/],
  [{ symbol: '.a' }, /"\.a" begins with "\."/],
  [{ currency: 'usd' }, /"usd" is in lower case/],
  [{ tickSize: '0' }, /tickSize must be greater than zero, not 0$/],
  [{ lotSize: '-1' }, /lotSize must be greater than zero, not -1$/],
  [{ tickSize: '1.0000000000000001' }, /tickSize must have at most 15 digits, not 17$/],
  [{ lotSize: '1234567890123456' }, /lotSize must have at most 15 digits, not 16$/],
  [{ makerFeeBps: '-0.1' }, /makerFeeBps must be 0 to 1000 \(10 %\), not -0\.1$/],
  [{ takerFeeBps: '1000.01' }, /takerFeeBps must be 0 to 1000 \(10 %\), not 1000\.01$/],
];
test.each(listings)(
  'the error of listInstrument with %o names the rule',
  async (fields, message) => {
    const usual = { name: 'New', currency: 'USD', tickSize: '1', lotSize: '1' };
    const { errors } = await server.send(
      'mutation M($input: ListInstrumentInput!) { listInstrument(input: $input) { __typename } }',
      { input: { symbol: 'NEW', ...usual, ...fields } },
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(errors?.[0]?.message).toMatch(message);
  },
);

test('fees of 1000 basis points and of negative zero are accepted, the latter as zero', async () => {
  const symbol = await client.list({ makerFeeBps: '-0.00', takerFeeBps: '1000' });
  const query = `query Q($s: ID!) { instrument(symbol: $s) { makerFeeBps takerFeeBps } }`;
  expect(await client.read(query, { s: symbol })).toEqual({
    instrument: { makerFeeBps: '0.00', takerFeeBps: '1000' },
  });
});

test('an amount of negative zero is rejected as zero', async () => {
  const deposit = { accountId: account, amount: '-0.00' };
  expect(await client.command('depositCash', deposit)).toMatchObject({
    code: 'INVALID_AMOUNT',
    message: 'the amount must be greater than zero, not 0.00',
  });
});
