import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareFields } from '../../src/api/field-types.ts';
import { modules } from '../../src/contexts/all.ts';
import {
  decimal,
  type EnumDefinition,
  enumOf,
  named,
  nullable,
  text,
} from '../../src/kernel/field.ts';
import { giftCardsModule } from '../fixtures/gift-cards/api.ts';
import { giftCards } from '../fixtures/gift-cards/context.ts';
import { createTestServer, startTestServer, type TestServer } from '../support/server.ts';
import { createTradingClient } from '../support/trading-client.ts';

const others = modules.filter(({ context }) => context.name !== giftCards.name);

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer({ modules: [...others, giftCardsModule] });
});
afterAll(() => server.dispose());

type Nodes = { readonly events: { readonly nodes: readonly object[] } };

test('the terms of an order are enums in its events', async () => {
  const client = createTradingClient(server);
  await client.list({ symbol: 'AAA' });
  const seller = await client.open({ cash: '1.00', shares: { AAA: '5' } });
  const buyer = await client.open({ cash: '100.00' });
  const terms = 'symbol: "AAA", type: LIMIT, timeInForce: GTC, quantity: "5", limitPrice: "10.00"';
  for (const [side, accountId] of [
    ['SELL', seller],
    ['BUY', buyer],
  ] as const) {
    const input = `{ accountId: "${accountId}", side: ${side}, ${terms} }`;
    await server.send(`mutation { placeOrder(input: ${input}) { __typename } }`);
  }
  const query = `query Q($types: [EventType!]) {
    events(filter: { types: $types }, last: 3) { nodes {
      __typename type
      ... on OrderPlaced { side orderType timeInForce replacesOrderId }
      ... on TradeExecuted { aggressor rounding price }
      ... on CashHeld { orderSymbol }
    } }
  }`;
  const types = ['OrderPlaced', 'TradeExecuted', 'CashHeld'];
  const { data, errors } = await server.send<Nodes>(query, { types });
  expect(errors).toBeUndefined();
  const placed = { orderType: 'LIMIT', timeInForce: 'GTC', replacesOrderId: null };
  expect(data.events.nodes).toMatchObject([
    { type: 'OrderPlaced', side: 'SELL', ...placed },
    { type: 'OrderPlaced', side: 'BUY', ...placed },
    { type: 'TradeExecuted', aggressor: 'BUY', rounding: 'ORDER_TOTAL', price: '10.00' },
  ]);
});

const isUnregistered = (node: object) =>
  '__typename' in node && node.__typename === 'UnregisteredEvent';

test('an event of a type that a server does not define is readable by its recorded name', async () => {
  await server.send('mutation { issueGiftCard(input: { amount: "5.00" }) { __typename } }');
  const other = await startTestServer(server.databaseUrl, server.database, { modules: others });
  try {
    // The settlement of the trade above may be recorded at any time.
    const query = `{ events(last: 20) { nodes {
      __typename type data ... on UnregisteredEvent { recordedType }
    } } }`;
    const response = await fetch(`${other.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { data } = (await response.json()) as { readonly data: Nodes };
    expect(data.events.nodes.filter(isUnregistered)).toEqual([
      {
        __typename: 'UnregisteredEvent',
        type: 'UnregisteredEvent',
        data: { amount: '5.00' },
        recordedType: 'GiftCardIssued',
      },
    ]);
  } finally {
    await other.stop();
  }
});

const color: EnumDefinition<'RED'> = { name: 'Color', description: '', values: { RED: '' } };
const shade: EnumDefinition<'RED'> = { name: 'Shade', description: '', values: { RED: '' } };

test('a field that is nullable in one type is nullable in all', () => {
  const [given, missing] = [{ price: decimal('') }, { price: nullable(decimal('')) }];
  expect(
    compareFields([
      ['A', given],
      ['B', missing],
      ['C', given],
    ]),
  ).toEqual(new Set(['price']));
  expect(
    compareFields([
      ['A', given],
      ['B', given],
    ]),
  ).toEqual(new Set());
  const renamed = { price: named('bestPrice', nullable(decimal(''))) };
  expect(
    compareFields([
      ['A', given],
      ['B', renamed],
    ]),
  ).toEqual(new Set(['bestPrice']));
});

test('fields of one name and different kinds are refused, unless one has another name', () => {
  const one = { tone: enumOf(color, '') };
  expect(() =>
    compareFields([
      ['A', one],
      ['B', { tone: text('') }],
    ]),
  ).toThrow('the field tone differs in A (Color) and B (text): rename one with named()');
  expect(() =>
    compareFields([
      ['A', one],
      ['B', { tone: enumOf(shade, '') }],
    ]),
  ).toThrow('Shade');
  expect(() =>
    compareFields([
      ['A', one],
      ['B', { tone: nullable(enumOf(color, '')) }],
    ]),
  ).not.toThrow();
  expect(() =>
    compareFields([
      ['A', one],
      ['B', { tone: named('toneName', text('')) }],
    ]),
  ).not.toThrow();
});
