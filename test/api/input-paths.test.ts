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

type Path = readonly (string | number)[];

/** The paths of the errors of an answer; every error must be about the input. */
async function pathsOf(query: string, variables: object = {}): Promise<readonly unknown[]> {
  const { errors = [] } = await server.send(query, { ...variables });
  expect(errors.map(({ extensions }) => extensions['code'])).toEqual(
    errors.map(() => 'BAD_USER_INPUT'),
  );
  return errors.map(({ extensions }) => extensions['inputPath']);
}

const id = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f';
const at = '2026-01-01T00:00:00Z';
const later = '2999-01-01T00:00:00Z';

/** A mutation, its input as JSON, and the path of its fault. */
const inputs: readonly (readonly [mutation: string, input: object, path: Path])[] = [
  ['depositCash', { accountId: id, amount: 5 }, ['input', 'amount']],
  ['depositCash', { accountId: id, amount: '5,00' }, ['input', 'amount']],
  ['depositCash', { accountId: id, amount: null }, ['input', 'amount']],
  ['depositCash', { accountId: id }, ['input', 'amount']],
  ['depositCash', { accountId: id, amount: '5', sum: '5' }, ['input', 'sum']],
  ['depositCash', { accountId: id, amount: '5', occurredAt: 'soon' }, ['input', 'occurredAt']],
  ['depositCash', { accountId: id, amount: '5', occurredAt: later }, ['input', 'occurredAt']],
  [
    'depositCash',
    { accountId: id, amount: '5', expectedVersion: 1.5 },
    ['input', 'expectedVersion'],
  ],
  [
    'depositCash',
    { accountId: id, amount: '5', expectedVersion: -1 },
    ['input', 'expectedVersion'],
  ],
  ['depositCash', { accountId: id, amount: '5', idempotencyKey: '' }, ['input', 'idempotencyKey']],
  ['depositCash', { accountId: id, amount: '5', dryRun: 'no' }, ['input', 'dryRun']],
  ['depositCash', { accountId: 'a\u0000', amount: '5' }, ['input', 'accountId']],
  ['depositCash', { accountId: `${id}@7`, amount: '5' }, ['input', 'accountId']],
  [
    'depositCash',
    { accountId: id, amount: '5', reference: 'x'.repeat(201) },
    ['input', 'reference'],
  ],
  ['openAccount', { owner: ' ', currency: 'EUR' }, ['input', 'owner']],
  ['openAccount', { owner: 'Ada', currency: 'eur' }, ['input', 'currency']],
  ['openAccount', { accountId: '7', owner: 'Ada', currency: 'EUR' }, ['input', 'accountId']],
  ['recordPrices', { symbol: 'AAA', prices: [] }, ['input', 'prices']],
  [
    'recordPrices',
    {
      symbol: 'AAA',
      prices: [
        { price: '1', occurredAt: at },
        { price: 2, occurredAt: at },
      ],
    },
    ['input', 'prices', 1, 'price'],
  ],
  [
    'recordPrices',
    { symbol: 'AAA', prices: [{ price: '1', occurredAt: at }, { price: '1' }] },
    ['input', 'prices', 1, 'occurredAt'],
  ],
  [
    'recordPrices',
    {
      symbol: 'AAA',
      prices: [
        { price: '1', occurredAt: at },
        { price: '1', occurredAt: later },
      ],
    },
    ['input', 'prices', 1, 'occurredAt'],
  ],
  [
    'recordPrices',
    { symbol: 'AAA', prices: [{ price: '1', occurredAt: at, note: 'x' }] },
    ['input', 'prices', 0, 'note'],
  ],
  ['listInstrument', instrument({ symbol: 'aaa' }), ['input', 'symbol']],
  ['listInstrument', instrument({ tickSize: '0' }), ['input', 'tickSize']],
  ['listInstrument', instrument({ takerFeeBps: '-1' }), ['input', 'takerFeeBps']],
  ['placeOrder', order({ side: 'BYE' }), ['input', 'side']],
  ['placeOrder', order({ type: 'LIMIT' }), ['input', 'limitPrice']],
  ['placeOrder', order({ stopPrice: '1' }), ['input', 'stopPrice']],
  ['placeOrder', order({ postOnly: true }), ['input', 'postOnly']],
  ['placeOrder', order({ clientOrderId: '' }), ['input', 'clientOrderId']],
  ['placeOrder', order({ timeInForce: 'GTD', expiresAt: at }), ['input', 'expiresAt']],
];

function instrument(changes: object): object {
  return { symbol: 'BBB', name: 'B', currency: 'EUR', tickSize: '1', lotSize: '1', ...changes };
}

function order(changes: object): object {
  const terms = { side: 'BUY', type: 'MARKET', timeInForce: 'GTC', quantity: '1' };
  return { accountId: id, symbol: 'AAA', ...terms, ...changes };
}

const enumMembers: ReadonlySet<string> = new Set(['side', 'type', 'timeInForce']);

/** A value as a literal of GraphQL. */
function toLiteral(value: unknown, name = ''): string {
  if (Array.isArray(value)) return `[${value.map((item) => toLiteral(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    return `{ ${members.map(([key, item]) => `${key}: ${toLiteral(item, key)}`).join(', ')} }`;
  }
  return enumMembers.has(name) ? String(value) : JSON.stringify(value);
}

describe('a fault of a command names the member of the input', () => {
  test.each(inputs)('in a variable: %s %j', async (mutation, input, path) => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
    const query = `mutation M($given: ${type}!) { ${mutation}(input: $given) { __typename } }`;
    expect(await pathsOf(query, { given: input })).toEqual([path]);
  });

  test.each(inputs)('in the document: %s %j', async (mutation, input, path) => {
    const query = `mutation { ${mutation}(input: ${toLiteral(input)}) { __typename } }`;
    expect(await pathsOf(query)).toEqual([path]);
  });
});

const queries: readonly (readonly [query: string, path: Path])[] = [
  ['{ events(filter: { types: [CashDeposit] }) { nodes { id } } }', ['filter', 'types', 0]],
  ['{ events(filter: { types: ["Quux"] }) { nodes { id } } }', ['filter', 'types', 0]],
  ['{ events(filter: { types: CashDeposit }) { nodes { id } } }', ['filter', 'types']],
  [
    '{ events(filter: { types: [CashDeposited, UnregisteredEvent] }) { nodes { id } } }',
    ['filter', 'types', 1],
  ],
  ['{ events(filter: { types: [] }) { nodes { id } } }', ['filter', 'types']],
  ['{ events(filter: { streamId: "x" }) { nodes { id } } }', ['filter', 'streamId']],
  ['{ events(filter: { correlationId: "" }) { nodes { id } } }', ['filter', 'correlationId']],
  ['{ events(filter: { kind: 1 }) { nodes { id } } }', ['filter', 'kind']],
  ['{ events(first: 501) { nodes { id } } }', ['first']],
  ['{ events(last: -1) { nodes { id } } }', ['last']],
  ['{ events(first: "1") { nodes { id } } }', ['first']],
  ['{ events(first: 1, last: 1) { nodes { id } } }', ['last']],
  ['{ events(after: "x") { nodes { id } } }', ['after']],
  ['{ accounts(before: "x") { nodes { id } } }', ['before']],
  ['{ accounts(after: "orders:PLACED_AT:asc:aaaaaa:eA") { nodes { id } } }', ['after']],
  ['{ accounts(filter: { owner: "" }) { nodes { id } } }', ['filter', 'owner']],
  ['{ accounts(filter: { currency: "usd" }) { nodes { id } } }', ['filter', 'currency']],
  ['{ accounts(filter: { status: AJAR }) { nodes { id } } }', ['filter', 'status']],
  ['{ orders(filter: { accountId: "x" }) { nodes { id } } }', ['filter', 'accountId']],
  ['{ orders(filter: { status: NEW, statuses: [HELD] }) { nodes { id } } }', ['filter', 'status']],
  ['{ trades(symbol: "aaa") { nodes { id } } }', ['symbol']],
  ['{ account(id: "x", asOf: "99999") { id } }', ['asOf']],
  [`{ account(id: "x", asOf: "${later}") { id } }`, ['asOf']],
  ['{ account(id: "x", asOf: 7) { id } }', ['asOf']],
  ['{ account(id: "x@7") { id } }', ['id']],
  ['{ node(id: "x@99999") { id } }', ['id']],
  ['{ event { id } }', ['id']],
  ['{ event(id: "x", sequence: "1") { id } }', ['sequence']],
  ['{ instrument(symbol: "AAA") { orderBook(depth: 0) { id } } }', ['depth']],
  ['{ trialBalance { differences(first: 501) { accounts } } }', ['first']],
];

test.each(queries)('a fault of a query names the argument: %s', async (query, path) => {
  expect(await pathsOf(query)).toEqual([path]);
});

test('a fault below a list or an object that is not a root names the argument of its field', async () => {
  const query = `{ account(id: "${account}") { history(after: "x") { nodes { id } } } }`;
  const { errors } = await server.send(query);
  expect(errors?.[0]).toMatchObject({
    path: ['account', 'history'],
    extensions: { inputPath: ['after'] },
  });
});

test('a variable inside an input object has the path of that place', async () => {
  const query = `mutation M($sum: Decimal!, $note: String) {
    depositCash(input: { accountId: "${account}", amount: $sum, reference: $note }) { __typename }
  }`;
  expect(await pathsOf(query, { sum: 5 })).toEqual([['input', 'amount']]);
  expect(await pathsOf(query, {})).toEqual([['input', 'amount']]);
  expect(await pathsOf(query, { sum: '5', note: 7 })).toEqual([['input', 'reference']]);
});

test('a variable in a fragment, in a list and with a default has the path of its first use', async () => {
  const query = `query Q($type: EventType!, $size: Int = "x") { log { sequence } ...Found }
    fragment Found on Query {
      events(first: $size, filter: { types: [CashDeposited, $type] }) { nodes { id } }
    }`;
  expect(await pathsOf(query, { type: 'CashDeposited' })).toEqual([['first']]);
  const valid = query.replace('"x"', '1');
  expect(await pathsOf(valid, { type: 'Quux' })).toEqual([['filter', 'types', 1]]);
});

test('each of several faults has its path, in two variables and in one', async () => {
  const query = `mutation M($one: RecordPricesInput!, $two: DepositCashInput!) {
    recordPrices(input: $one) { __typename }
    depositCash(input: $two) { __typename }
  }`;
  const prices = [
    { price: 1, occurredAt: at },
    { price: ' at "input.x"; ', occurredAt: 'x' },
  ];
  expect(await pathsOf(query, { one: { symbol: 'AAA', prices }, two: { amount: 1 } })).toEqual([
    ['input', 'prices', 0, 'price'],
    ['input', 'prices', 1, 'price'],
    ['input', 'prices', 1, 'occurredAt'],
    ['input', 'accountId'],
    ['input', 'amount'],
  ]);
});

test('a value with more faults than are reported is an error of the input', async () => {
  const prices = Array.from({ length: 200 }, () => ({ price: 1, occurredAt: at }));
  const query = `mutation M($input: RecordPricesInput!) {
    recordPrices(input: $input) { __typename }
  }`;
  const paths = await pathsOf(query, { input: { symbol: 'AAA', prices } });
  expect(paths.slice(0, -1)).toEqual(
    paths.slice(0, -1).map((_path, index) => ['input', 'prices', index, 'price']),
  );
  expect(paths.at(-1)).toBeUndefined();
});

test.each([
  ['events(after: "99999") { sequence }', ['after']],
  ['events(filter: { types: [] }) { sequence }', ['filter', 'types']],
  ['events(filter: { actor: "" }) { sequence }', ['filter', 'actor']],
  ['orderBook(symbol: "AAA", depth: 0) { sequence }', ['depth']],
  ['account(id: 1.5) { sequence }', ['id']],
])('a fault of a subscription names the argument: %s', async (field, path) => {
  const live = subscribe(server.url, `subscription { ${field} }`);
  const failure = await live.until(() => false).catch((error: unknown) => error);
  await live.cut();
  const { cause } = failure as Error;
  const [error] = [cause ?? failure].flat() as { extensions: object }[];
  expect(error?.extensions).toEqual({ code: 'BAD_USER_INPUT', inputPath: path });
});
