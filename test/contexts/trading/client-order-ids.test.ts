import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';
import {
  accepted,
  type CommandAnswer,
  createTradingClient,
  type Input,
  type TradingClient,
} from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
let symbol: string;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  symbol = await client.list();
});
afterAll(() => server.dispose());

const limit = { side: 'BUY', quantity: '1', limitPrice: '10.00' };

function place(accountId: string, clientOrderId: string, more: Input = {}) {
  return client.place(accountId, symbol, { ...limit, clientOrderId, ...more });
}

async function found(filter: Input, paging = ''): Promise<readonly string[]> {
  const { orders } = await client.read<{ orders: { nodes: readonly { id: string }[] } }>(
    `query ($filter: OrderFilter) { orders(filter: $filter ${paging}) { nodes { id } } }`,
    { filter },
  );
  return orders.nodes.map(({ id }) => id);
}

async function idOf(answer: Promise<CommandAnswer>): Promise<string> {
  return (await accepted(answer)).order.id;
}

describe('a client order id', () => {
  test('finds the orders that have it, in any account, and no others', async () => {
    const [ann, bob] = [
      await client.open({ cash: '100.00' }),
      await client.open({ cash: '100.00' }),
    ];
    const name = `a "quoted" name ${randomUUID()}`;
    const first = await idOf(place(ann, name));
    const second = await idOf(place(bob, name));
    await idOf(place(bob, `${name} and more`));
    expect(await found({ clientOrderId: name })).toEqual([first, second]);
    expect(await found({ clientOrderId: name, accountId: bob })).toEqual([second]);
    expect(await found({ clientOrderId: name, symbol, status: 'NEW' })).toHaveLength(2);
    expect(await found({ clientOrderId: name, statuses: ['FILLED', 'CANCELED'] })).toEqual([]);
    expect(await found({ clientOrderId: name }, 'descending: true')).toEqual([second, first]);
    expect(await found({ clientOrderId: name }, 'first: 1')).toEqual([first]);
    expect(await found({ clientOrderId: name.slice(0, -1) })).toEqual([]);
  });

  test.each([
    ['short', 'x'],
    ['as long as it may be', 'y'.repeat(200)],
    ['of characters that take many bytes', '€"\\'.repeat(60)],
  ])('that is %s is found', async (_, name) => {
    const account = await client.open({ cash: '100.00' });
    const id = await idOf(place(account, name));
    expect(await found({ clientOrderId: name, accountId: account })).toEqual([id]);
  });

  test('cannot be used again while its order is open, in any instrument', async () => {
    const account = await client.open({ cash: '100.00' });
    const other = await client.list();
    const name = randomUUID();
    const open = await idOf(place(account, name));
    for (const market of [symbol, other]) {
      const answer = await client.place(account, market, { ...limit, clientOrderId: name });
      expect(answer).toMatchObject({ code: 'CLIENT_ORDER_ID_IN_USE' });
      expect(answer.message).toBe(`client order id ${name} is in use by open order ${open}`);
    }
    expect(await found({ clientOrderId: name })).toEqual([open]);
  });

  test('can be used again once its order is finished, whatever finished it', async () => {
    const account = await client.open({ cash: '100.00', shares: { [symbol]: '10' } });
    const name = randomUUID();
    const canceled = await idOf(place(account, name));
    await accepted(client.command('cancelOrder', { orderId: canceled }));
    await idOf(place(account, name, { timeInForce: 'IOC' }));
    const stop = { side: 'SELL', type: 'STOP', limitPrice: null, stopPrice: '1.00' };
    const held = await idOf(place(account, name, stop));
    expect(await place(account, name)).toMatchObject({ code: 'CLIENT_ORDER_ID_IN_USE' });
    await accepted(client.command('cancelOrder', { orderId: held }));
    await idOf(place(account, name));
  });

  test('passes to the order that replaces another', async () => {
    const account = await client.open({ cash: '100.00' });
    const name = randomUUID();
    const first = await idOf(place(account, name));
    const replaced = client.command('replaceOrder', { orderId: first, limitPrice: '9.00' });
    const second = await idOf(replaced);
    expect(await found({ clientOrderId: name, status: 'NEW' })).toEqual([second]);
    expect(await place(account, name)).toMatchObject({ code: 'CLIENT_ORDER_ID_IN_USE' });
    await accepted(client.command('cancelOrder', { orderId: second }));
    await idOf(place(account, name));
  });

  test('is used by one order only when many are placed at once', async () => {
    const account = await client.open({ cash: '1000.00' });
    const name = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => place(account, name)));
    expect(answers.filter(({ code }) => code === undefined)).toHaveLength(1);
    const rejected = answers.filter(({ code }) => code === 'CLIENT_ORDER_ID_IN_USE');
    expect(rejected).toHaveLength(19);
  });

  test('must not be empty, neither in a command nor in a filter', async () => {
    const account = await client.open({ cash: '100.00' });
    const order = { ...limit, type: 'LIMIT', timeInForce: 'GTC', clientOrderId: ' ' };
    const input = { accountId: account, symbol, ...order };
    expect(await client.malformed('placeOrder', input)).toBe('BAD_USER_INPUT');
    await expect(found({ clientOrderId: '' })).rejects.toThrow(/BAD_USER_INPUT/);
  });

  test('of one account does not concern another account', async () => {
    const name = randomUUID();
    for (let index = 0; index < 2; index += 1) {
      await idOf(place(await client.open({ cash: '100.00' }), name));
    }
  });
});
