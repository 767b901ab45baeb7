import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';
import {
  accepted,
  createTradingClient,
  type Input,
  type TradeSeen,
  type TradingClient,
  tradeFields,
} from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly edges: readonly { readonly cursor: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

interface Listed {
  readonly orderId: string;
  readonly account: { readonly accountId: string };
  readonly instrument: { readonly symbol: string };
  readonly status: string;
}

const pageFields =
  'edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
const ordersQuery = `query Q($filter: OrderFilter, $descending: Boolean, $asOf: Moment,
    $first: Int, $after: String, $last: Int, $before: String) {
  orders(filter: $filter, descending: $descending, asOf: $asOf,
      first: $first, after: $after, last: $last, before: $before) {
    nodes { orderId account { accountId } instrument { symbol } status } ${pageFields} } }`;

async function orders(variables: Input): Promise<Page<Listed>> {
  return (await client.read<{ orders: Page<Listed> }>(ordersQuery, variables)).orders;
}

/** Reads all pages, forward or backward; the result is in the order of the list. */
async function allPages<Node>(
  read: (variables: Input) => Promise<Page<Node>>,
  direction: 'forward' | 'backward',
  size: number,
): Promise<readonly Node[]> {
  let nodes: readonly Node[] = [];
  let cursor: string | null = null;
  for (;;) {
    const isForward = direction === 'forward';
    const page: Page<Node> = await read(
      isForward ? { first: size, after: cursor } : { last: size, before: cursor },
    );
    const { pageInfo } = page;
    expect(page.edges.at(0)?.cursor ?? null).toBe(pageInfo.startCursor);
    expect(page.edges.at(-1)?.cursor ?? null).toBe(pageInfo.endCursor);
    expect(isForward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage).toBe(cursor !== null);
    nodes = isForward ? [...nodes, ...page.nodes] : [...page.nodes, ...nodes];
    if (!(isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return nodes;
    cursor = isForward ? pageInfo.endCursor : pageInfo.startCursor;
  }
}

describe('orders', () => {
  /** Two accounts, two instruments and every status; the orders as they were at some moments. */
  async function history() {
    const symbols = [await client.list(), await client.list()];
    const shares = Object.fromEntries(symbols.map((symbol) => [symbol, '100']));
    const accounts = [
      await client.open({ cash: '1000.00', shares }),
      await client.open({ cash: '1000.00', shares }),
    ];
    // Random ids in the order in which they were generated, which they do not show.
    const given: string[] = [];
    function newId(): string {
      const id = randomUUID();
      given.push(id);
      return id;
    }
    const place = (accountId: string, symbol: string, order: Input) =>
      client.place(accountId, symbol, { ...order, orderId: newId() });
    const moments: { readonly at: string; readonly orders: readonly Listed[] }[] = [];
    const seen = new Set<string>();
    async function note() {
      const at = await client.head();
      const { nodes } = await orders({ first: 500, asOf: at });
      for (const { status } of nodes) seen.add(status);
      expect(nodes.map(({ orderId }) => orderId)).toEqual(given);
      moments.push({ at, orders: nodes });
    }
    await note();
    for (const symbol of symbols) {
      const [a = '', b = ''] = accounts;
      const sell = { side: 'SELL', quantity: '5', limitPrice: '5.00' };
      await accepted(place(a, symbol, sell));
      await accepted(place(b, symbol, { side: 'BUY', quantity: '2', limitPrice: '5.00' }));
      const stop = { side: 'BUY', type: 'STOP', quantity: '1', stopPrice: '50.00' };
      await accepted(place(b, symbol, stop));
      await note();
      const bid = { side: 'BUY', quantity: '1', limitPrice: '1.00' };
      const { order: replaced } = await accepted(place(b, symbol, bid));
      const { order: canceled } = await accepted(place(a, symbol, bid));
      await place(a, symbol, { ...bid, quantity: '100000' });
      await note();
      const change = { orderId: replaced.id, newOrderId: newId(), limitPrice: '2.00' };
      await accepted(client.command('replaceOrder', change));
      await accepted(client.command('cancelOrder', { orderId: canceled.id }));
      const soon = { timeInForce: 'GTD', expiresAt: new Date(Date.now() + 300).toISOString() };
      const { order: expiring } = await accepted(place(b, symbol, { ...bid, ...soon }));
      await expect
        .poll(() => new Date().toISOString() > soon.expiresAt, { timeout: 5_000 })
        .toBe(true);
      // A command that finds an overdue order expires it.
      await client.command('cancelOrder', { orderId: expiring.id });
      await note();
    }
    return { symbols, accounts, moments, statuses: seen };
  }

  test('are listed for every combination of filters, at several moments and in both directions', async () => {
    const { symbols, accounts, moments, statuses } = await history();
    expect([...statuses].sort()).toEqual(
      'CANCELED EXPIRED FILLED HELD NEW PARTIALLY_FILLED REJECTED REPLACED'.split(' '),
    );
    for (const { at, orders: then } of moments.filter((_, index) => index % 2 === 0)) {
      for (const accountId of accounts) {
        for (const symbol of [undefined, ...symbols]) {
          for (const status of [undefined, 'HELD', 'NEW', 'FILLED', 'REPLACED', 'EXPIRED']) {
            const filter = { accountId, symbol, status };
            const expected = then.filter(
              (order) =>
                order.account.accountId === accountId &&
                (symbol === undefined || order.instrument.symbol === symbol) &&
                (status === undefined || order.status === status),
            );
            const what = JSON.stringify({ at, filter });
            const { nodes } = await orders({ filter, asOf: at });
            expect(nodes, what).toEqual(expected);
          }
        }
      }
    }
    const { at, orders: then } = moments.at(-1) ?? { at: '', orders: [] };
    for (const accountId of accounts) {
      const own = then.filter(({ account }) => account.accountId === accountId);
      const read = (variables: Input) =>
        orders({ filter: { accountId: accountId.toUpperCase() }, asOf: at, ...variables });
      expect(await allPages(read, 'forward', 3)).toEqual(own);
      expect(await allPages(read, 'backward', 2)).toEqual(own);
      const turned = (variables: Input) => read({ descending: true, ...variables });
      expect(await allPages(turned, 'forward', 2)).toEqual([...own].reverse());
      expect(await allPages(turned, 'backward', 3)).toEqual([...own].reverse());
    }
    // An order matches any of `statuses`; with `status` as well, it must match both.
    const open = ['HELD', 'NEW', 'PARTIALLY_FILLED'];
    for (const descending of [false, true]) {
      const inOrder = descending ? [...then].reverse() : then;
      const isOpen = ({ status }: Listed) => open.includes(status);
      const read = (variables: Input) =>
        orders({ filter: { statuses: open }, asOf: at, descending, ...variables });
      expect(await allPages(read, 'forward', 2)).toEqual(inOrder.filter(isOpen));
      expect(await allPages(read, 'backward', 3)).toEqual(inOrder.filter(isOpen));
    }
    const both = { statuses: open, status: 'HELD' };
    const { nodes: held } = await orders({ filter: both, asOf: at });
    expect(held).toEqual(then.filter(({ status }) => status === 'HELD'));
    // A page of the past stays the same after later events.
    const [first] = symbols;
    const past = await orders({ filter: { symbol: first }, asOf: moments[1]?.at, first: 2 });
    await client.command('cancelOrder', { orderId: past.nodes[0]?.orderId });
    expect(await orders({ filter: { symbol: first }, asOf: moments[1]?.at, first: 2 })).toEqual(
      past,
    );
  });

  test('of an account belong to it, whatever the filter, at the moment at which it is read', async () => {
    const symbol = await client.list();
    const [own, other] = [await client.open({ cash: '9.00' }), await client.open({ cash: '9.00' })];
    const bid = { side: 'BUY', quantity: '1', limitPrice: '1.00' };
    const { order, sequence } = await accepted(client.place(own, symbol, bid));
    await accepted(client.place(other, symbol, bid));
    await accepted(client.command('cancelOrder', { orderId: order.id }));
    const query = `query Q($own: ID!, $other: ID!, $asOf: Moment) {
      account(id: $own) { ...O } past: account(id: $own, asOf: $asOf) { ...O } }
      fragment O on Account { orders(filter: { accountId: $other }) { nodes { id status } } }`;
    expect(await client.read(query, { own, other, asOf: sequence })).toEqual({
      account: { orders: { nodes: [{ id: order.id, status: 'CANCELED' }] } },
      past: { orders: { nodes: [{ id: `${order.id}@${sequence}`, status: 'NEW' }] } },
    });
  });
});

describe('trades', () => {
  const query = `query Q($symbol: ID!, $asOf: Moment, $first: Int, $after: String, $last: Int,
      $before: String) {
    trades(symbol: $symbol, asOf: $asOf, first: $first, after: $after, last: $last,
      before: $before) { nodes { ${tradeFields} } ${pageFields} } }`;

  async function trade(symbol: string, count: number) {
    const seller = await client.open({ shares: { [symbol]: '1000' } });
    const buyer = await client.open({ cash: '1000.00' });
    const made: TradeSeen[] = [];
    const heads: string[] = [];
    for (let i = 1; i <= count; i += 1) {
      const price = `1.0${i % 3}`;
      await accepted(
        client.place(seller, symbol, { side: 'SELL', quantity: '1', limitPrice: price }),
      );
      const bid = { side: 'BUY', quantity: '1', limitPrice: price };
      const { trades, sequence } = await accepted(client.place(buyer, symbol, bid));
      made.push(...trades);
      heads.push(sequence);
    }
    return { made, heads };
  }

  test('are paged in the order of execution, in both directions, now and at a past moment', async () => {
    const symbol = await client.list();
    // Trades of an instrument whose symbol begins with this one are not listed.
    await trade(await client.list({ symbol: `${symbol}.A` }), 2);
    const { made, heads } = await trade(symbol, 7);
    expect(made).toHaveLength(7);
    const page = async (variables: Input) =>
      (await client.read<{ trades: Page<TradeSeen> }>(query, { symbol, ...variables })).trades;
    expect(await allPages(page, 'forward', 3)).toEqual(made);
    expect(await allPages(page, 'backward', 2)).toEqual(made);
    const then = (variables: Input) => page({ asOf: heads[3], ...variables });
    const idThen = ({ id }: { readonly id: string }) => ({ id: `${id}@${heads[3]}` });
    expect(await allPages(then, 'forward', 2)).toEqual(
      made.slice(0, 4).map(({ buyOrder, sellOrder, ...trade }) => ({
        ...trade,
        ...idThen(trade),
        buyOrder: { ...buyOrder, ...idThen(buyOrder) },
        sellOrder: { ...sellOrder, ...idThen(sellOrder) },
      })),
    );
    const { pageInfo } = await page({ first: 1 });
    const other = await client.list();
    const crossed = await server.send(query, { symbol: other, after: pageInfo.endCursor });
    expect(crossed.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect((await page({ symbol: 'NONE' })).nodes).toEqual([]);
  });
});
