import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ActorServer,
  createActorServer,
  openTwoAccounts,
  type TwoAccounts,
} from '../support/actors.ts';

let server: ActorServer;
let ids: TwoAccounts;
beforeAll(async () => {
  server = await createActorServer();
  ids = await openTwoAccounts(server);
});
afterAll(() => server.dispose());

const order = { symbol: 'AAA', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1' };

/** Commands with a second fault, which must not be reported before the account. */
const commands: readonly (readonly [string, (accountId: string) => object])[] = [
  ['withdrawCash', (accountId) => ({ accountId, amount: '1.00', expectedVersion: 7 })],
  ['depositCash', (accountId) => ({ accountId, amount: '1.00', expectedVersion: 7 })],
  ['depositCash', (accountId) => ({ accountId, amount: '0.001' })],
  ['grantAccess', (accountId) => ({ accountId, actor: 'a', access: 'VIEW', expectedVersion: 7 })],
  ['closeAccount', (accountId) => ({ accountId, expectedVersion: 7, dryRun: true })],
  ['transferCash', (id) => ({ fromAccountId: id, toAccountId: id, amount: '1.00' })],
  ['placeOrder', (accountId) => ({ ...order, accountId, limitPrice: '1.00', symbol: 'NOPE' })],
  [
    'placeOrder',
    (accountId) => {
      const expired = { timeInForce: 'GTD', expiresAt: '2020-01-01T00:00:00Z' };
      return { ...order, ...expired, accountId, limitPrice: '1.00' };
    },
  ],
  [
    'depositShares',
    (accountId) => ({ accountId, symbol: 'NOPE', quantity: '1', costPrice: '1.00' }),
  ],
];

test.each(commands)(
  '%s answers the same for an unknown and for a hidden account',
  async (name, input) => {
    const send = async (id: string) => {
      const { code, message } = await server.commandAs('stan', name, input(id));
      return [code, message?.replaceAll(id, '<id>')];
    };
    const unknown = await send(randomUUID());
    expect(unknown[0]).toBe('ACCOUNT_NOT_FOUND');
    expect(await send(ids.account)).toEqual(unknown);
  },
);

test('a transfer from a frozen account answers the same for any receiver', async () => {
  const open = async (owner: string): Promise<string> => {
    const accountId = randomUUID();
    await server.commandAs(owner, 'openAccount', { accountId, owner, currency: 'EUR' });
    return accountId;
  };
  const [from, hidden] = [await open('fay'), await open('hal')];
  await server.commandAs('ops', 'freezeAccount', { accountId: from }, ['OPERATOR']);
  const send = (toAccountId: string) =>
    server.commandAs('fay', 'transferCash', { fromAccountId: from, toAccountId, amount: '1.00' });
  expect(await send(hidden)).toEqual(await send(randomUUID()));
});

test('caches keep no answer about an unknown id that they would not keep of a hidden one', async () => {
  const fields = (id: string) => [
    `order(id: "${id}", asOf: "4") { status }`,
    `account(id: "${id}", asOf: "4") { balance }`,
    `node(id: "${id}@4") { id }`,
    `node(id: "position-${id}-AAA@4") { id }`,
    `orders(filter: { accountId: "${id}" }, asOf: "4") { nodes { id } }`,
  ];
  const controls = (id: string) =>
    Promise.all(
      fields(id).map(async (field) => {
        const parameters = new URLSearchParams({ query: `{ ${field} }` });
        const headers = { ...(await server.headersOf('stan')), accept: 'application/json' };
        const response = await fetch(`${server.url}/graphql?${parameters}`, { headers });
        await response.text();
        return response.headers.get('cache-control');
      }),
    );
  const none = fields('').map(() => 'no-store');
  expect(await controls(randomUUID())).toEqual(none);
  expect(await controls(ids.account)).toEqual(none);
  expect(await controls(ids.order)).toEqual(none);
});

describe('a recorded rejection', () => {
  test('shows no figure of an account that may not be seen any more', async () => {
    const input = { accountId: ids.account, amount: '99999.00', idempotencyKey: 'too much' };
    const change = (name: string, fields: object = {}) =>
      server.commandAs('olga', name, { accountId: ids.account, actor: 'rex', ...fields });
    const send = (fields: object = {}) =>
      server.commandAs('rex', 'withdrawCash', { ...input, ...fields });
    await change('grantAccess', { access: 'FULL' });
    const first = await send();
    expect(first.code).toBe('INSUFFICIENT_FUNDS');
    expect(await send()).toEqual(first);
    await change('revokeAccess');
    expect((await send()).code).toBe('ACCOUNT_NOT_FOUND');
    expect((await send({ dryRun: true })).code).toBe('ACCOUNT_NOT_FOUND');
    await change('grantAccess', { access: 'VIEW' });
    expect(await send()).toEqual(first);
    await change('revokeAccess');
  });
});

describe('a dry run', () => {
  const query = `mutation M($input: PlaceOrderInput!) { placeOrder(input: $input) {
    ... on PlaceOrderPayload {
      trades { quantity price }
      order { status instrument { lastPrice orderBook { bids { price quantity } asks { price quantity } } } }
    } ... on Error { code message } } }`;

  async function trader(name: string): Promise<string> {
    const accountId = randomUUID();
    const operate = (command: string, input: object) =>
      server.commandAs('ops', command, { accountId, ...input }, ['OPERATOR']);
    await server.commandAs(name, 'openAccount', { accountId, owner: name, currency: 'EUR' });
    await operate('depositCash', { amount: '10000.00' });
    await operate('depositShares', { symbol: 'BBB', quantity: '100', costPrice: '1.00' });
    return accountId;
  }

  test('does not show the stop orders of others that it would trigger', async () => {
    const listing = { symbol: 'BBB', name: 'B', currency: 'EUR', tickSize: '0.01', lotSize: '1' };
    await server.commandAs('ops', 'listInstrument', listing, ['MARKET']);
    const [maker, stopper, prober] = [await trader('mo'), await trader('sue'), await trader('pip')];
    const place = (actor: string, accountId: string, terms: object) =>
      server.commandAs(actor, 'placeOrder', {
        accountId,
        symbol: 'BBB',
        timeInForce: 'GTC',
        type: 'LIMIT',
        ...terms,
      });
    await place('mo', maker, { side: 'BUY', quantity: '10', limitPrice: '9.90' });
    await place('mo', maker, { side: 'BUY', quantity: '90', limitPrice: '9.50' });
    await place('sue', stopper, { side: 'SELL', type: 'STOP', quantity: '77', stopPrice: '9.90' });
    const rest = { type: 'STOP_LIMIT', stopPrice: '9.90', limitPrice: '9.89' };
    await place('sue', stopper, { side: 'SELL', quantity: '13', ...rest });
    const input = {
      accountId: prober,
      symbol: 'BBB',
      side: 'SELL',
      type: 'LIMIT',
      timeInForce: 'IOC',
      quantity: '1',
      limitPrice: '9.90',
      dryRun: true,
    };
    const { data } = await server.sendAs('pip', query, { input });
    expect(data).toEqual({
      placeOrder: {
        trades: [{ quantity: '1', price: '9.90' }],
        order: {
          status: 'FILLED',
          instrument: {
            lastPrice: '9.90',
            orderBook: {
              bids: [
                { price: '9.90', quantity: '9' },
                { price: '9.50', quantity: '90' },
              ],
              asks: [],
            },
          },
        },
      },
    });
    const price = { symbol: 'BBB', price: '9.00', dryRun: true };
    const recorded = await server.sendAs(
      'mark',
      `mutation M($input: RecordPriceInput!) { recordPrice(input: $input) {
        ... on RecordPricePayload { proposedEvents { type } instrument { lastPrice orderBook {
          bids { quantity } asks { quantity } } } } } }`,
      { input: price },
      ['MARKET'],
    );
    expect(recorded.data).toEqual({
      recordPrice: {
        proposedEvents: [{ type: 'PriceRecorded' }, { type: 'ReferencePriceSet' }],
        instrument: {
          lastPrice: '9.00',
          orderBook: { bids: [{ quantity: '10' }, { quantity: '90' }], asks: [] },
        },
      },
    });
  });
});

test('the orders of many accounts are listed together', async () => {
  const own: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const accountId = randomUUID();
    own.push(accountId);
    await server.commandAs('vera', 'openAccount', { accountId, owner: 'vera', currency: 'EUR' });
    await server.commandAs('ops', 'depositCash', { accountId, amount: '100.00' }, ['OPERATOR']);
    const terms = { ...order, accountId, limitPrice: `${n + 1}.00` };
    await server.commandAs('vera', 'placeOrder', terms);
  }
  const open = async (index: number): Promise<void> => {
    const accountId = randomUUID();
    const owner = `spammer ${index}`;
    await server.commandAs(owner, 'openAccount', { accountId, owner, currency: 'EUR' });
    const grant = { accountId, actor: 'vera', access: 'VIEW' };
    await server.commandAs(owner, 'grantAccess', grant);
  };
  for (let n = 0; n < 1_200; n += 40) {
    await Promise.all(Array.from({ length: 40 }, (_, index) => open(n + index)));
  }
  const text = `{ orders(first: 2) { nodes { account { accountId } } pageInfo { endCursor } }
    accounts(filter: { owner: "vera" }, asOf: "999999") { nodes { accountId } } }`;
  const { sequence } = await server.engine.log.head();
  const query = text.replace('999999', String(sequence));
  type Data = {
    readonly orders: {
      readonly nodes: readonly { readonly account: { readonly accountId: string } }[];
      readonly pageInfo: { readonly endCursor: string };
    };
  };
  const { data, errors } = await server.sendAs<Data>('vera', query);
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({ accounts: { nodes: own.map((accountId) => ({ accountId })) } });
  const { nodes, pageInfo } = data.orders;
  const next = await server.sendAs<Data>(
    'vera',
    `{ orders(after: "${pageInfo.endCursor}") { nodes { account { accountId } } } }`,
  );
  const found = [...nodes, ...next.data.orders.nodes].map(({ account }) => account.accountId);
  expect(found).toEqual(own);
}, 60_000);
