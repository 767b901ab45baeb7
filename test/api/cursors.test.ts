import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
let account: string;
let other: string;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  const shares: Record<string, string> = {};
  for (const symbol of ['AAA', 'BBB']) shares[await client.list({ symbol })] = '9';
  account = await client.open({ cash: '99.00', shares });
  other = await client.open({ cash: '99.00', shares });
  for (const symbol of ['AAA', 'BBB', 'AAA', 'BBB']) {
    const terms = { quantity: '1', limitPrice: '1.00' };
    await accepted(client.place(account, symbol, { side: 'SELL', ...terms }));
    await accepted(client.place(other, symbol, { side: 'BUY', ...terms }));
  }
});
afterAll(() => server.dispose());

interface Listing {
  /** Listings of one scope share their cursors. */
  readonly scope: string;
  /** The field with its arguments, except those of the page. */
  readonly field: string;
}

const listings = (): readonly Listing[] => [
  { scope: 'opened', field: 'accounts(orderBy: OPENED_AT' },
  { scope: 'opened', field: 'accounts(filter: {}, descending: false' },
  { scope: 'opened, turned', field: 'accounts(descending: true' },
  { scope: 'opened, EUR', field: 'accounts(filter: {currency: "EUR"}' },
  { scope: 'opened, USD', field: 'accounts(filter: {currency: "USD"}' },
  { scope: 'opened, USD, Ada', field: 'accounts(filter: {currency: "USD", owner: "Ada"}' },
  { scope: 'opened, USD, Ada', field: 'accounts(filter: {owner: "Ada", currency: "USD"}' },
  { scope: 'owner', field: 'accounts(orderBy: OWNER' },
  { scope: 'orders', field: 'orders(filter: null' },
  { scope: 'orders, turned', field: 'orders(descending: true' },
  { scope: 'orders of one', field: `orders(filter: {accountId: "${account}"}` },
  { scope: 'orders of one', field: `orders(filter: {accountId: "${account.toUpperCase()}"}` },
  { scope: 'orders of one', field: 'account(ACCOUNT) { orders(filter: null' },
  { scope: 'orders of another', field: `orders(filter: {accountId: "${other}"}` },
  { scope: 'orders of AAA', field: 'orders(filter: {symbol: "AAA"}' },
  { scope: 'orders filled', field: 'orders(filter: {status: FILLED}' },
  { scope: 'orders filled', field: 'orders(filter: {statuses: [FILLED, FILLED]}' },
  { scope: 'orders filled or new', field: 'orders(filter: {statuses: [FILLED, NEW]}' },
  { scope: 'orders filled or new', field: 'orders(filter: {statuses: [NEW, FILLED]}' },
  { scope: 'trades of AAA', field: 'trades(symbol: "AAA"' },
  { scope: 'trades of BBB', field: 'trades(symbol: "BBB"' },
  { scope: 'instruments', field: 'instruments(asOf: null' },
];

interface Page {
  readonly edges: readonly { readonly cursor: string }[];
}

async function read({ field }: Listing, page: string) {
  const nested = field.startsWith('account(');
  const wanted = field.replace('ACCOUNT', `id: "${account}"`);
  const query = `{ ${wanted}, ${page}) { edges { cursor } } ${nested ? '}' : ''} }`;
  const answer = await server.send<Record<string, Page & { orders: Page }>>(query);
  const [data] = Object.values(answer.data ?? {});
  return { page: nested ? data?.orders : data, error: answer.errors?.[0] };
}

async function firstCursor(listing: Listing): Promise<string> {
  const { page, error } = await read(listing, 'first: 1');
  const cursor = page?.edges[0]?.cursor;
  // An empty list has no cursor.
  if (cursor === undefined && page === undefined) throw new Error(JSON.stringify(error));
  return cursor ?? '';
}

test('a cursor is accepted only with its own list, order and filter', async () => {
  for (const from of listings()) {
    const cursor = await firstCursor(from);
    if (cursor === '') continue;
    for (const [index, to] of listings().entries()) {
      const page =
        index % 2 === 0 ? `first: 9, after: "${cursor}"` : `last: 9, before: "${cursor}"`;
      const { error } = await read(to, page);
      const what = `${from.field} -> ${to.field} ${page}`;
      if (from.scope === to.scope) expect(error, what).toBeUndefined();
      else expect(error?.extensions, what).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  }
});

test('the error for a rejected cursor names the list that the cursor is from', async () => {
  const refusal = async (from: string, to: string): Promise<string> => {
    const cursor = await firstCursor({ scope: '', field: from });
    return (await read({ scope: '', field: to }, `after: "${cursor}"`)).error?.message ?? '';
  };
  expect(await refusal('trades(symbol: "AAA"', 'orders(filter: null')).toBe(
    'the cursor is from a list of trades, not of orders',
  );
  expect(await refusal('accounts(orderBy: OPENED_AT', 'accounts(orderBy: OWNER')).toBe(
    'the cursor is from accounts by OPENED_AT, ascending, not by OWNER, ascending',
  );
  expect(await refusal('orders(descending: true', 'orders(filter: null')).toBe(
    'the cursor is from orders by PLACED_AT, descending, not by PLACED_AT, ascending',
  );
  expect(await refusal('trades(symbol: "AAA"', 'trades(symbol: "BBB"')).toBe(
    'the cursor is from trades with another filter: use a cursor only with the filter of its page',
  );
  const { error } = await read({ scope: '', field: 'events(filter: null' }, 'after: "orders:x"');
  expect(error?.message).toBe(
    'a cursor of events must be a sequence number like "42", not "orders:x"',
  );
});

test('a cursor of the current list also works at an earlier moment, and is short', async () => {
  const [listing] = listings().filter(({ scope }) => scope === 'orders');
  const cursor = await firstCursor(listing ?? { scope: '', field: '' });
  const asOf = await client.head();
  const past = { scope: '', field: `orders(asOf: "${asOf}"` };
  expect((await read(past, `first: 9, after: "${cursor}"`)).page?.edges).toHaveLength(7);
  expect(cursor).toMatch(/^orders:PLACED_AT:asc:[\w-]{6}:[\w-]+$/);
  expect(cursor.length).toBeLessThan(150);
});

test('an invented cursor that is not a position of the list is refused', async () => {
  const own = await firstCursor({ scope: '', field: 'trades(symbol: "AAA"' });
  const head = own.slice(0, own.lastIndexOf(':') + 1);
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const positions = ['OTHER 1', 'AAA', 'AAA \u0000', 'AAA \ud800'].map((it) =>
    JSON.stringify([it, '']),
  );
  for (const text of [...positions, '["AAA 1"]', '{}', '[1,2]', 'x', '']) {
    const listing = { scope: '', field: 'trades(symbol: "AAA"' };
    const { error } = await read(listing, `after: "${head}${encode(text)}"`);
    expect(error?.extensions, text).toMatchObject({ code: 'BAD_USER_INPUT' });
  }
});

test('an empty cursor is the beginning or the end of every list', async () => {
  for (const listing of [...listings(), { scope: 'events', field: 'events(asOf: null' }]) {
    for (const [page, emptied] of [
      ['first: 2', 'first: 2, after: ""'],
      ['last: 2', 'last: 2, before: ""'],
    ] as const) {
      expect(await read(listing, emptied), listing.field).toEqual(await read(listing, page));
    }
  }
});
