import { type GraphQLObjectType, isInterfaceType, isNonNullType, isObjectType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSchema } from '../../src/api/schema.ts';
import { modules } from '../../src/contexts/all.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import {
  accepted,
  createTradingClient,
  type Input,
  type TradingClient,
} from '../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
let market: Market;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  market = await makeMarket();
});
afterAll(() => server.dispose());

interface Market {
  readonly symbol: string;
  readonly accountId: string;
  readonly orderId: string;
  /** Right after the trade; later, the order was canceled and the account received cash. */
  readonly then: string;
}

async function makeMarket(): Promise<Market> {
  const symbol = await client.list();
  const accountId = await client.open({ shares: { [symbol]: '9' }, cash: '50.00' });
  const buyer = await client.open({ cash: '99.00' });
  const sell = { side: 'SELL', quantity: '5', limitPrice: '2.00' };
  const { order } = await accepted(client.place(accountId, symbol, sell));
  const buy = { side: 'BUY', quantity: '2', limitPrice: '2.00' };
  const { sequence: then } = await accepted(client.place(buyer, symbol, buy));
  await accepted(client.command('cancelOrder', { orderId: order.id }));
  await accepted(client.command('depositCash', { accountId, amount: '1.00' }));
  return { symbol, accountId, orderId: order.id, then };
}

/** The objects of an account and of an instrument; each has an id, and fields that changed. */
const everything = `
  __typename id accountId balance
  history(last: 1) { nodes { __typename id eventId } }
  orders { nodes { __typename id orderId status
    account { __typename id balance } instrument { __typename id symbol }
    fills { __typename id tradeId sellOrder { __typename id status } } } }
  positions { __typename id held instrument { __typename id } }
  portfolio { __typename id cash positions { __typename id } account { __typename id balance } }`;

interface Identified {
  readonly __typename: string;
  readonly id: string;
}

/** All objects with an id in an answer, in the order of the text. */
function identified(value: unknown): readonly Identified[] {
  if (Array.isArray(value)) return value.flatMap(identified);
  if (typeof value !== 'object' || value === null) return [];
  const own = 'id' in value ? [value as Identified] : [];
  return [...own, ...Object.values(value).flatMap(identified)];
}

async function read(asOf?: string) {
  const { accountId, symbol } = market;
  return client.read<Readonly<Record<string, unknown>>>(
    `query Q($accountId: ID!, $symbol: ID!, $asOf: Moment) {
      account(id: $accountId, asOf: $asOf) { ${everything} }
      instrument(symbol: $symbol, asOf: $asOf) { __typename id
        orderBook(depth: 5) { __typename id symbol asks { quantity } } }
      events(last: 2, asOf: $asOf) { nodes { __typename id } }
      trades(symbol: $symbol, asOf: $asOf) { nodes { __typename id buyOrder { __typename id } } } }`,
    { accountId, symbol, asOf },
  );
}

test('an object that is read now has its key as id, and one as of a moment has the moment too', async () => {
  const now = identified(await read());
  const then = identified(await read(market.then));
  expect(now.filter(({ id }) => id.includes('@'))).toEqual([]);
  expect(then.filter(({ id }) => !id.endsWith(`@${market.then}`))).toEqual([]);
  const names = (found: readonly Identified[]) => [...new Set(found.map((one) => one.__typename))];
  for (const name of ['Account', 'Order', 'Trade', 'Position', 'Portfolio', 'OrderBook']) {
    expect(names(now)).toContain(name);
    expect(names(then)).toContain(name);
  }
});

test('one id names one state, whatever the moments of an operation', async () => {
  const { accountId, then } = market;
  const { now, before } = await client.read<Record<string, { id: string; balance: string }>>(
    `query Q($id: ID!, $asOf: Moment) {
      now: account(id: $id) { id balance } before: account(id: $id, asOf: $asOf) { id balance } }`,
    { id: accountId, asOf: then },
  );
  expect(now).toEqual({ id: accountId, balance: '55.00' });
  expect(before).toEqual({ id: `${accountId}@${then}`, balance: '54.00' });
});

test('node finds every id that was returned, as it was returned', async () => {
  const fields = `__typename id ... on Account { ${everything.replace('__typename id', '')} }
    ... on Order { status account { balance } } ... on Trade { price sellOrder { id status } }
    ... on Event { sequence type } ... on Instrument { lastPrice orderBook { id } }
    ... on OrderBook { asks { quantity } bids { price } sequence }
    ... on Position { quantity held } ... on Portfolio { cash positions { id held } }`;
  const seen = new Map<string, unknown>();
  for (const asOf of [undefined, market.then]) {
    for (const { __typename, id } of identified(await read(asOf))) {
      const { node } = await client.read<{ node: Identified | null }>(
        `query Q($id: ID!) { node(id: $id) { ${fields} } }`,
        { id },
      );
      expect(node, id).toMatchObject({ __typename, id });
      expect(seen.get(id) ?? node, id).toEqual(node);
      seen.set(id, node);
      const inner = identified(node).map((one) => one.id);
      const moment = asOf === undefined ? '' : `@${asOf}`;
      expect(
        inner.every((one) => one.endsWith(moment) && one.includes('@') === (moment !== '')),
      ).toBe(true);
    }
  }
  expect(seen.get(market.orderId)).toMatchObject({ status: 'CANCELED' });
  expect(seen.get(`${market.orderId}@${market.then}`)).toMatchObject({
    status: 'PARTIALLY_FILLED',
  });
});

test('node returns null before an object existed, and for ids of nothing', async () => {
  const { accountId, symbol, orderId } = market;
  const unknown = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f';
  for (const id of [
    ...[accountId, symbol, orderId].map((key) => `${key}@0`),
    ...[unknown, `${unknown}@3`, 'NONE', '', '@', '@1', `${accountId}@`, `${accountId}@x`],
    ...['book-NONE-10', `book-${symbol}-0`, `book-${symbol}-501`, `book-${symbol}`],
    ...[`portfolio-${unknown}`, `position-${accountId}-NONE`, `position-${unknown}-${symbol}`],
  ]) {
    expect(await client.read('query Q($id: ID!) { node(id: $id) { id } }', { id }), id).toEqual({
      node: null,
    });
  }
});

test('an id with a moment is refused where a key is required, and after the head', async () => {
  const { accountId, then } = market;
  const code = async (query: string, variables: Input) =>
    (await server.send(query, variables)).errors?.map(({ message, extensions }) => [
      extensions?.['code'],
      message,
    ]);
  const id = `${accountId}@${then}`;
  const rule = `must be the key "${accountId}", without the moment that follows "@" in an id`;
  expect(await code('query Q($id: ID!) { account(id: $id) { id } }', { id })).toEqual([
    ['BAD_USER_INPUT', `id ${rule}`],
  ]);
  const event = 'query Q($id: ID!) { event(id: $id) { id } }';
  expect(await code(event, { id })).toEqual([['BAD_USER_INPUT', `id ${rule}`]]);
  expect(await code('{ instrument(symbol: "MSFT@3") { id } }', {})).toMatchObject([
    ['BAD_USER_INPUT', expect.stringMatching(/^symbol must be the key "MSFT"/)],
  ]);
  const deposit = `mutation M($id: ID!) {
    depositCash(input: { accountId: $id, amount: "1.00" }) { __typename } }`;
  expect(await code(deposit, { id })).toEqual([['BAD_USER_INPUT', `accountId ${rule}`]]);
  const late = await code('query Q($id: ID!) { node(id: $id) { id } }', {
    id: `${accountId}@99999`,
  });
  expect(late?.[0]?.[1]).toMatch(/^sequence 99999 is beyond the head of the log, \d+$/);
});

test('the state of a dry run has an id that no recorded state has', async () => {
  const { accountId } = market;
  const dry = `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "7.00",
    dryRun: true }) { ... on DepositCashPayload { sequence account { id accountId balance
      portfolio { id account { id } } } } } }`;
  type Dry = { depositCash: { sequence: string; account: { id: string; balance: string } } };
  const { depositCash: first } = await client.read<Dry>(dry, { id: accountId });
  const { depositCash: second } = await client.read<Dry>(dry, { id: accountId });
  expect(first.account).toMatchObject({ accountId, balance: '62.00' });
  expect(first.account.id).toMatch(new RegExp(`^${accountId}@${first.sequence}\\+[0-9a-f-]{36}$`));
  expect(second.account.id).not.toBe(first.account.id);
  expect(identified(first.account).map(({ id }) => id.split('+')[1])).toEqual(
    Array.from({ length: 3 }, () => first.account.id.split('+')[1]),
  );
  const answer = await server.send('query Q($id: ID!) { node(id: $id) { id } }', {
    id: first.account.id,
  });
  expect(answer.errors?.[0]?.message).toMatch(/^the id is that of a dry run/);
});

test('every field of Query and Mutation can be null, and every node has its key in a field', () => {
  const schema = buildSchema(modules);
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    const fields = Object.values(root?.getFields() ?? {});
    expect(fields.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual([]);
  }
  const node = schema.getType('Node');
  if (!isInterfaceType(node)) throw new Error('there is no interface Node');
  expect(
    schema
      .getQueryType()
      ?.getFields()
      ['node']?.args.map(({ name }) => name),
  ).toEqual(['id']);
  const withId = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && 'id' in type.getFields(),
  );
  const others = withId.filter((type) => !type.getInterfaces().includes(node)).map(String);
  // A record never changes, so that its id is the same at every moment.
  expect(others).toEqual(['CommandRecord']);
});
