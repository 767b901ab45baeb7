import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

interface CommandAnswer {
  readonly __typename: string;
  readonly sequence: string;
  readonly events: readonly { readonly sequence: string; readonly occurredAt: string }[];
}

async function command(name: string, input: object): Promise<CommandAnswer> {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const answer = await server.send<Readonly<Record<string, CommandAnswer>>>(
    `mutation M($input: ${type}Input!) { ${name}(input: $input) { __typename
      ... on ${type}Payload { sequence replayed events { sequence occurredAt data }
        instrument { id symbol name currency tickSize lotSize makerFeeBps tradingStatus
          lastPrice lastPriceAt } }
      ... on Error { code message } } }`,
    { input },
  );
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  const result = answer.data[name];
  if (result === undefined) throw new Error(`${name} returned nothing`);
  return result;
}

async function list(): Promise<string> {
  const symbol = `T${randomUUID().slice(0, 8).toUpperCase()}`;
  await command('listInstrument', {
    symbol,
    name: 'Test',
    currency: 'USD',
    tickSize: '0.01',
    lotSize: '1',
  });
  return symbol;
}

async function priceOn(symbol: string, time: string, asOf?: string): Promise<string | null> {
  const minSequence = String((await server.engine.log.head()).sequence);
  const answer = await server.send<{ instrument: { priceOn: string | null } | null }>(
    `query Q($symbol: ID!, $time: DateTime!, $asOf: Moment) {
      instrument(symbol: $symbol, asOf: $asOf) { priceOn(time: $time) } }`,
    { symbol, time, asOf },
    { 'daybook-min-sequence': minSequence },
  );
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.instrument?.priceOn ?? null;
}

test('an instrument is listed only once, and its symbol is its node id', async () => {
  const symbol = await list();
  const again = { symbol, name: 'Test', currency: 'USD', tickSize: '0.01', lotSize: '1' };
  expect(await command('listInstrument', again)).toMatchObject({
    code: 'INSTRUMENT_ALREADY_EXISTS',
  });
  const { sequence } = await server.engine.log.head();
  const { data } = await server.send(
    `query Q($id: ID!) {
      node(id: $id) { __typename id ... on Instrument { tradingStatus lastPrice } } }`,
    { id: symbol },
    { 'daybook-min-sequence': String(sequence) },
  );
  expect(data).toEqual({
    node: { __typename: 'Instrument', id: symbol, tradingStatus: 'OPEN', lastPrice: null },
  });
});

test('a price holds from when it occurred, and is known from when it was recorded', async () => {
  const symbol = await list();
  const june = await command('recordPrice', {
    symbol,
    price: '10.00',
    occurredAt: '2005-06-01T00:00:00Z',
  });
  const may = await command('recordPrice', {
    symbol,
    price: '9.00',
    occurredAt: '2005-05-01T00:00:00Z',
  });
  const correction = await command('recordPrice', {
    symbol,
    price: '10.50',
    occurredAt: '2005-06-01T00:00:00Z',
  });
  expect(await priceOn(symbol, '2005-04-30T23:59:59.999999Z')).toBeNull();
  expect(await priceOn(symbol, '2005-05-31T23:59:59.999999Z')).toBe('9.00');
  expect(await priceOn(symbol, '2005-06-01T00:00:00Z')).toBe('10.50');
  expect(await priceOn(symbol, '2010-01-01T00:00:00Z', may.sequence)).toBe('10.00');
  expect(await priceOn(symbol, '2005-05-15T00:00:00Z', june.sequence)).toBeNull();
  expect(correction).toMatchObject({
    instrument: { lastPrice: '10.50', lastPriceAt: '2005-06-01T00:00:00.000000Z' },
  });
});

test('a price that is recorded late does not become the last price', async () => {
  const symbol = await list();
  await command('recordPrice', { symbol, price: '2.00', occurredAt: '2020-01-02T00:00:00Z' });
  const late = { symbol, price: '1.00', occurredAt: '2020-01-01T00:00:00Z' };
  expect(await command('recordPrice', late)).toMatchObject({ instrument: { lastPrice: '2.00' } });
});

test('many prices are recorded together or not at all', async () => {
  const symbol = await list();
  const prices = Array.from({ length: 1000 }, (_, day) => ({
    price: `${day + 1}.25`,
    occurredAt: new Date(Date.UTC(2000, 0, 1 + day)).toISOString(),
  }));
  const before = await server.engine.log.head();
  const bad = [...prices.slice(1), { price: '0', occurredAt: '2000-01-01T00:00:00Z' }];
  expect(await command('recordPrices', { symbol, prices: bad })).toMatchObject({
    code: 'INVALID_PRICE',
  });
  expect(await server.engine.log.head()).toEqual(before);
  const idempotencyKey = randomUUID();
  const good = { symbol, prices, idempotencyKey };
  expect((await command('recordPrices', good)).events).toHaveLength(1000);
  expect(await command('recordPrices', good)).toMatchObject({ replayed: true });
  expect((await server.engine.log.head()).sequence).toBe(before.sequence + 1000);
  expect(await priceOn(symbol, '2000-12-31T12:00:00Z')).toBe('366.25');
});

const malformed: [string, string, object][] = [
  ['an empty list of prices', 'recordPrices', { symbol: 'X', prices: [] }],
  ['a lower-case symbol', 'listInstrument', { symbol: 'msft' }],
  ['a price in gold', 'listInstrument', { currency: 'XAU' }],
  ['a tick size of zero', 'listInstrument', { tickSize: '0' }],
  ['a negative fee', 'listInstrument', { makerFeeBps: '-1' }],
  [
    'a future price',
    'recordPrice',
    { symbol: 'X', price: '1', occurredAt: '2999-01-01T00:00:00Z' },
  ],
];
test.each(malformed)('%s is BAD_USER_INPUT', async (_name, name, fields) => {
  const whole = { symbol: 'X', name: 'X', currency: 'USD', tickSize: '1', lotSize: '1', ...fields };
  const input = name === 'listInstrument' ? whole : fields;
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  const answer = await server.send(
    `mutation M($input: ${type}Input!) { ${name}(input: $input) { __typename } }`,
    { input },
  );
  expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('instruments are sorted by symbol across pages', async () => {
  const symbols = [await list(), await list(), await list()].sort();
  const { sequence } = await server.engine.log.head();
  const seen: string[] = [];
  let after: string | null = null;
  for (;;) {
    const answer: Awaited<ReturnType<typeof page>> = await page(after, String(sequence));
    const { nodes, pageInfo } = answer.data.instruments;
    seen.push(...nodes.map(({ symbol }) => symbol));
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
  }
  expect(seen).toEqual([...seen].sort());
  expect(seen).toEqual(expect.arrayContaining(symbols));
  expect(new Set(seen).size).toBe(seen.length);
});

function page(after: string | null, minSequence: string) {
  return server.send<{
    instruments: {
      nodes: { symbol: string }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
  }>(
    `query Q($after: String) { instruments(first: 2, after: $after) {
      nodes { symbol } pageInfo { hasNextPage endCursor } } }`,
    { after },
    { 'daybook-min-sequence': minSequence },
  );
}
