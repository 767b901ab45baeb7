import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { subscribe } from '../support/live.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { createTradingClient } from '../support/trading-client.ts';

let server: TestServer;
let account: string;
beforeAll(async () => {
  server = await createTestServer();
  const client = createTradingClient(server);
  await client.list({ symbol: 'AAA' });
  account = await client.open({ cash: '1.00' });
});
afterAll(() => server.dispose());

type Case = readonly [filter: string, message: RegExp];

const uuid = '7b7a3f6e-3c58-4d6e-9f0a-111111111111';
const eventCases: readonly Case[] = [
  ['types: [CashDeposit]', /"CashDeposit" does not exist in "EventType" enum. Did you mean .*ted"/],
  ['types: ["CashDeposit"]', /non-enum value: "CashDeposit". Did you mean .*"CashDeposited"/],
  ['types: [CashDeposited, orderplaced]', /"orderplaced" does not exist.* Did you mean .*Placed"/],
  ['types: ["Quux"]', /Enum "EventType" cannot represent non-enum value: "Quux"/],
  ['types: [""]', /cannot represent non-enum value: ""/],
  ['types: [UnregisteredEvent]', /^types must not contain UnregisteredEvent$/],
  ['types: []', /types must not be empty: omit it/],
  [`streamId: "${uuid}"`, /a category, a hyphen and an id, like "account-/],
  [`streamId: "konto-${uuid}"`, /categories are account, book, clientOrder, /],
  ['streamId: "account-123"', /"123" is not a UUID like/],
  ['streamId: "order-xyz"', /"xyz" is not a UUID/],
  ['streamId: "instrument-msft"', /"msft" is in lower case: a symbol must be in upper case/],
  ['streamId: "book-MS FT"', /"MS FT" contains " "/],
  ['streamId: "clientOrder-x"', /"x" is not "<accountId>\/<clientOrderId>"/],
  ['streamId: "account-"', /a category, a hyphen and an id/],
  ['streamId: ""', /a category, a hyphen and an id/],
  ['actor: ""', /actor must not be empty: omit it/],
  ['correlationId: ""', /correlationId must have 1 to 128 characters/],
  [`correlationId: "${'x'.repeat(129)}"`, /correlationId must have 1 to 128 characters/],
  ['correlationId: "a\\nb"', /without control characters$/],
];
const orderCases: readonly Case[] = [
  ['accountId: "AAA"', /accountId must be a UUID like "/],
  ['accountId: ""', /accountId must be a UUID/],
  ['symbol: "aaa"', /"aaa" is in lower case: a symbol must be in upper case, like "AAA"$/],
  ['symbol: ""', /a symbol must have 1 to 20 characters/],
  ['symbol: "^GSPC"', /"\^GSPC" begins with "\^": a symbol must begin with a letter or a digit/],
  ['symbol: "A B"', /"A B" contains " ": a symbol may contain only A-Z, 0-9/],
  ['statuses: []', /statuses must not be empty: omit it/],
  ['status: FILLED, statuses: [NEW, HELD]', /status FILLED is not one of statuses NEW, HELD/],
];
const accountCases: readonly Case[] = [
  ['currency: "usd"', /"usd" is in lower case: ISO 4217 codes are upper case, like "USD"$/],
  ['currency: "EURO"', /"EURO" is not the ISO 4217 code of a currency, like "USD"/],
  ['currency: "XAU"', /"XAU" is not the ISO 4217 code of a currency/],
  ['currency: ""', /"" is not the ISO 4217 code/],
  ['owner: ""', /owner must not be empty: omit it/],
  ['owner: "  "', /owner must not be empty/],
];

async function expectRefused(query: string, message: RegExp): Promise<void> {
  const { errors } = await server.send(query);
  expect(errors?.[0]?.extensions, query).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(errors?.[0]?.message, query).toMatch(message);
}

async function expectNoFrames(subscription: string, message: RegExp): Promise<void> {
  const live = subscribe(server.url, `subscription { ${subscription} }`);
  const failure = await live.until(() => false).catch((error: unknown) => error);
  await live.cut();
  // A refusal at the start is a result; a later one is an error.
  const { cause } = failure as Error;
  const [error] = [cause ?? failure].flat() as { message: string; extensions: object }[];
  expect(error?.extensions, subscription).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(error?.message, subscription).toMatch(message);
}

describe('a filter that cannot match anything is refused', () => {
  test.each(eventCases)('for events: %s', async (filter, message) => {
    await expectRefused(`{ events(filter: { ${filter} }) { nodes { id } } }`, message);
    await expectNoFrames(`events(after: "0", filter: { ${filter} }) { sequence }`, message);
  });

  test.each(orderCases)('for orders: %s', async (filter, message) => {
    const orders = `orders(filter: { ${filter} }) { nodes { id } }`;
    await expectRefused(`{ ${orders} }`, message);
    await expectRefused(`{ account(id: "${account}") { ${orders} } }`, message);
  });

  test.each(accountCases)('for accounts: %s', async (filter, message) => {
    await expectRefused(`{ accounts(filter: { ${filter} }) { nodes { id } } }`, message);
  });

  test('for trades, books and candles of a malformed symbol', async () => {
    const isLower = /"aaa" is in lower case/;
    await expectRefused('{ trades(symbol: "aaa") { nodes { id } } }', isLower);
    await expectNoFrames('trades(symbol: "aaa", after: "0") { sequence }', isLower);
    await expectNoFrames('orderBook(symbol: "aaa") { sequence }', isLower);
    await expectNoFrames('candles(symbol: "aaa", interval: DAY) { sequence }', isLower);
  });
});

test('a well-formed filter with unknown values returns an empty list', async () => {
  const id = randomUUID();
  const lists = [
    `events(filter: { streamId: "account-${id}" }) { nodes { id } }`,
    'events(filter: { types: ["AccountClosed"], actor: "nobody" }) { nodes { id } }',
    'events(filter: { types: [AccountClosed], actor: "nobody" }) { nodes { id } }',
    `events(filter: { correlationId: "${id}" }) { nodes { id } }`,
    `orders(filter: { accountId: "${id}", symbol: "ZZZ.^_-9" }) { nodes { id } }`,
    'orders(filter: { status: FILLED, statuses: [NEW, FILLED] }) { nodes { id } }',
    'accounts(filter: { owner: "nobody", currency: "XCG" }) { nodes { id } }',
    'trades(symbol: "ZZZ") { nodes { id } }',
  ];
  for (const list of lists) {
    const { data, errors } = await server.send<Record<string, object>>(`{ ${list} }`);
    expect(errors, list).toBeUndefined();
    expect(Object.values(data), list).toEqual([{ nodes: [] }]);
  }
});

test('the id in a stream id may be in upper case, like every id', async () => {
  const query = `{ events(filter: { streamId: "account-${account.toUpperCase()}" }) {
    nodes { type } } }`;
  const { data } = await server.send<{ events: { nodes: object[] } }>(query);
  expect(data.events.nodes).toEqual([{ type: 'AccountOpened' }, { type: 'CashDeposited' }]);
});
