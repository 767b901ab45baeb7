import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom, trade } from '../../support/random-trading.ts';
import { createTestServer, type TestServer } from '../../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

interface Comparison {
  readonly from: string;
  readonly to: string;
  readonly changes: readonly Change[];
  readonly events: { readonly nodes: readonly { sequence: string; type: string }[] };
}

const fields = '{ from to changes { path before after } events { nodes { sequence type } } }';

async function compare(accountId: string, from: string, to: string): Promise<Comparison> {
  const { compare } = await client.read<{ compare: Comparison }>(
    `query Q($accountId: ID!, $from: Moment!, $to: Moment!) {
      compare(accountId: $accountId, from: $from, to: $to) ${fields} }`,
    { accountId, from, to },
  );
  return compare;
}

describe('a comparison of an account', () => {
  let symbol: string;
  let accountId: string;
  let opened: string;
  let traded: string;

  beforeAll(async () => {
    symbol = await client.list({ symbol: 'B.RK', makerFeeBps: '0', takerFeeBps: '0' });
    const other = await client.open({ shares: { [symbol]: '100' } });
    accountId = await client.open({ cash: '100.00' });
    opened = await client.head();
    const bid = { side: 'BUY', quantity: '4', limitPrice: '10.00' };
    await accepted(client.place(accountId, symbol, bid));
    await accepted(client.place(other, symbol, { ...bid, side: 'SELL', quantity: '3' }));
    await accepted(client.command('freezeAccount', { accountId }));
    traded = await client.head();
  });

  test('has field by field what has changed, and the events in between', async () => {
    const { changes, events, from, to } = await compare(accountId, opened, traded);
    expect([from, to]).toEqual([opened, traded]);
    const byPath = Object.fromEntries(
      changes.map(({ path, before, after }) => [path, [before, after]]),
    );
    expect(byPath).toMatchObject({
      status: ['OPEN', 'FROZEN'],
      balance: ['100.00', '70.00'],
      available: ['100.00', '70.00'],
      'positions."B.RK".quantity': [null, '3'],
      'positions."B.RK".averageCost': [null, '10.00000000'],
    });
    expect(byPath).not.toHaveProperty('held');
    expect(byPath).not.toHaveProperty('owner');
    const [order] = changes.filter(({ path }) => /^orders\.[-0-9a-f]{36}\.status$/.test(path));
    expect(order).toMatchObject({ before: null, after: 'CANCELED' });
    expect(events.nodes.map(({ type }) => type)).toEqual([
      ...['CashHeld', 'PurchaseSettled', 'AccountFrozen', 'CashReleased'],
    ]);
  });

  test('of one moment has no change', async () => {
    const { changes, events } = await compare(accountId, traded, traded);
    expect([changes, events.nodes]).toEqual([[], []]);
  });

  test('before the account was opened, begins with nothing', async () => {
    const { changes } = await compare(accountId, '0', opened);
    expect(changes).toContainEqual({ path: 'balance', before: null, after: '100.00' });
    expect(await compare(accountId, '0', '1')).toBeNull();
  });

  test('is refused backwards', async () => {
    const message = `from must not be after to: they are sequence ${traded} and sequence ${opened}`;
    await expect(compare(accountId, traded, opened)).rejects.toThrow(message);
  });

  test('of an order and of the trial balance', async () => {
    const [{ id } = { id: '' }] = (
      await client.read<{ orders: { nodes: { id: string }[] } }>(
        `{ orders(filter: { accountId: "${accountId}" }) { nodes { id } } }`,
      )
    ).orders.nodes;
    const answer = await client.read<Record<string, Comparison>>(
      `query Q($id: ID!, $from: Moment!, $to: Moment!) {
        order: compareOrder(id: $id, from: $from, to: $to) ${fields}
        balance: compareTrialBalance(from: $from, to: $to) ${fields} }`,
      { id, from: opened, to: traded },
    );
    expect(answer['order']?.changes).toContainEqual({
      path: 'filledQuantity',
      before: null,
      after: '3',
    });
    // Cash went from one customer to another, so only the totals of the shares could change.
    expect(answer['balance']?.changes).toEqual([]);
    expect(answer['balance']?.events.nodes.length).toBeGreaterThan(5);
  });
});

const state = `query Q($id: ID!, $asOf: Moment) { account(id: $id, asOf: $asOf) { owner currency status
  balance held available version sequence openedAt updatedAt
  positions { symbol quantity held averageCost cost realizedPnl }
  orders(first: 500) { nodes { orderId clientOrderId side type timeInForce quantity limitPrice stopPrice
    expiresAt postOnly filledQuantity leavesQuantity averagePrice status reason placedAt updatedAt
    sequence } } } }`;

interface State {
  readonly account: Readonly<Record<string, unknown>> & {
    readonly positions: readonly ({ readonly symbol: string } & object)[];
    readonly orders: { readonly nodes: readonly ({ readonly orderId: string } & object)[] };
  };
}

/** The fields of an account by path, as the API shows them as of a moment. */
async function stateOf(id: string, asOf: string): Promise<Map<string, unknown>> {
  const { account } = await client.read<State>(state, { id, asOf });
  const paths = new Map<string, unknown>();
  if (account === null) return paths;
  const { positions, orders, ...own } = account;
  const put = (prefix: string, members: object): void => {
    for (const [name, value] of Object.entries(members)) {
      if (value !== null) paths.set(`${prefix}${name}`, value);
    }
  };
  put('', own);
  for (const { symbol, ...members } of positions) put(`positions.${symbol}.`, members);
  for (const { orderId, ...members } of orders.nodes) put(`orders.${orderId}.`, members);
  return paths;
}

test('the first state becomes the second one by the changes', async () => {
  const seed = 7_011;
  const random = createRandom(seed);
  const { accounts } = await trade(server, { seed, clients: 5, commands: 400 });
  const head = Number(await client.head());
  let changed = 0;
  for (let round = 0; round < 25; round += 1) {
    const accountId = accounts[round % accounts.length] ?? '';
    const moments = [random(), random()]
      .map((part) => Math.ceil(part * head))
      .sort((a, b) => a - b);
    const [from = '', to = ''] = moments.map(String);
    const comparison = await compare(accountId, from, to);
    if (comparison === null) continue;
    const [before, after] = [await stateOf(accountId, from), await stateOf(accountId, to)];
    for (const { path, before: old, after: now } of comparison.changes) {
      // What the API shows only as nested objects, and positions without shares.
      const isShown = (value: unknown) => value === null || before.has(path) || after.has(path);
      if (!isShown(old) || !isShown(now)) continue;
      expect(before.get(path) ?? null, path).toEqual(before.has(path) ? old : null);
      if (now === null) before.delete(path);
      else before.set(path, now);
      changed += 1;
    }
    for (const [path, value] of after) expect(before.get(path), path).toEqual(value);
  }
  expect(changed).toBeGreaterThan(300);
}, 120_000);
