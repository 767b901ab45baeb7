import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../support/rows.ts';
import { createTestServer, type TestServer } from '../../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
let symbol: string;
let buyer: string;
let seller: string;

beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  symbol = await client.list({ makerFeeBps: '10', takerFeeBps: '25' });
  buyer = await client.open({ cash: '100.00' });
  seller = await client.open({ shares: { [symbol]: '50' } });
  const bid = { side: 'BUY', quantity: '9', limitPrice: '3.33' };
  const { order } = await accepted(client.place(buyer, symbol, bid));
  await accepted(client.place(seller, symbol, { ...bid, side: 'SELL', quantity: '4' }));
  await accepted(client.command('replaceOrder', { orderId: order.id, limitPrice: '3.00' }));
  await accepted(client.place(seller, symbol, { ...bid, side: 'SELL', limitPrice: '5.00' }));
  await accepted(client.command('depositCash', { accountId: seller, amount: '20.00' }));
  await accepted(client.command('withdrawCash', { accountId: seller, amount: '1.50' }));
});
afterAll(() => server.dispose());

interface Compared {
  readonly nodes: readonly {
    readonly accountId: string;
    readonly figure: string;
    readonly symbol: string | null;
    readonly ledger: string;
    readonly shown: string | null;
  }[];
  readonly accounts: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

async function compare(variables: Readonly<Record<string, unknown>> = {}): Promise<Compared> {
  const { trialBalance } = await client.read<{ trialBalance: { differences: Compared } }>(
    `query Q($asOf: Moment, $first: Int, $after: String) { trialBalance(asOf: $asOf) {
      differences(first: $first, after: $after) { accounts
        nodes { accountId figure symbol ledger shown } pageInfo { hasNextPage endCursor } } } }`,
    variables,
  );
  return trialBalance.differences;
}

/**
 * Changes the last document of a key directly in the database. Returns a function that undoes it.
 */
async function forge(view: string, key: string, change: string): Promise<() => Promise<void>> {
  const where = `view_id = (select id from views where name = '${view}')
    and key = '${key}' order by sequence desc limit 1`;
  const [row] = await sql<{ document: object; sequence: number; view_id: number }>(
    server.database,
    `select document, sequence, view_id from view_documents where ${where}`,
  );
  const set = (document: string): Promise<unknown> =>
    sql(
      server.database,
      `update view_documents set document = ${document}
       where view_id = ${row?.view_id} and key = '${key}' and sequence = ${row?.sequence}`,
    );
  await set(change);
  return async () => {
    await set(`'${JSON.stringify(row?.document)}'`);
  };
}

const withMember = (name: string, value: string): string =>
  `jsonb_set(document::jsonb, '{${name}}', '"${value}"')::json`;

test('accounts and positions equal the sums of their events at every sequence', async () => {
  const head = Number(await client.head());
  for (let sequence = 0; sequence <= head; sequence += 1) {
    expect(await compare({ asOf: String(sequence) }), `as of ${sequence}`).toMatchObject({
      nodes: [],
      pageInfo: { hasNextPage: false },
    });
  }
  expect(await compare()).toMatchObject({ accounts: 2 });
});

test.each([
  ['BALANCE', () => ['accounts', buyer, withMember('balance', '1000000.00')] as const],
  ['CASH_HELD', () => ['accounts', buyer, withMember('held', '0.00')] as const],
  ['QUANTITY', () => ['positions', `${seller} ${symbol}`, withMember('quantity', '51')] as const],
  ['SHARES_HELD', () => ['positions', `${seller} ${symbol}`, withMember('held', '0')] as const],
])('a wrong %s in a view is named with what it should be', async (figure, change) => {
  const before = await client.head();
  const [view, key, document] = change();
  const undo = await forge(view, key, document);
  const { nodes } = await compare();
  const [accountId] = key.split(' ');
  expect(nodes).toMatchObject([{ accountId, figure, symbol: key.split(' ')[1] ?? null }]);
  expect(nodes[0]?.ledger).not.toBe(nodes[0]?.shown);
  await undo();
  expect((await compare({ asOf: before })).nodes).toEqual([]);
});

test('an account and a position that are missing from the views are reported', async () => {
  const undo = [
    await forge('accounts', buyer, 'null'),
    await forge('positions', `${buyer} ${symbol}`, 'null'),
  ];
  const { nodes } = await compare();
  expect(nodes.map(({ accountId, figure, shown }) => ({ accountId, figure, shown }))).toEqual(
    ['BALANCE', 'CASH_HELD', 'QUANTITY'].map((figure) => ({
      accountId: buyer,
      figure,
      shown: null,
    })),
  );
  for (const each of undo) await each();
});

test('accounts are compared page by page, and an empty page has a next page', async () => {
  const undo = await forge('accounts', seller, withMember('balance', '7.00'));
  const first = await compare({ first: 1 });
  expect(first).toMatchObject({ nodes: [], accounts: 1, pageInfo: { hasNextPage: true } });
  const second = await compare({ first: 1, after: first.pageInfo.endCursor });
  expect(second).toMatchObject({
    nodes: [{ accountId: seller, figure: 'BALANCE', shown: '7.00' }],
    accounts: 1,
    pageInfo: { hasNextPage: false },
  });
  await undo();
});

test('an invalid cursor is rejected', async () => {
  const query = '{ trialBalance { differences(after: "x") { accounts } } }';
  const { errors } = await server.send(query);
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('fewer accounts are compared if they have many events, but always at least one', async () => {
  const streamIds = [buyer, seller].map((id) => `account-${id}`);
  const request = { streamIds, at: 1_000, members: ['amount'], by: 'symbol' };
  const { log } = server.engine;
  expect(await log.totals({ ...request, eventsMax: 1 })).toHaveLength(1);
  expect(await log.totals({ ...request, eventsMax: 1_000 })).toHaveLength(2);
});
