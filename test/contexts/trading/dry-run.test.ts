import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestServer, type TestServer } from '../../support/server.ts';
import { accepted, createTradingClient, type TradingClient } from '../../support/trading-client.ts';

let server: TestServer;
let client: TradingClient;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
});
afterAll(() => server.dispose());

type Payload = Readonly<Record<string, unknown>>;

/** Sends a mutation and returns its payload. Throws on GraphQL errors. */
async function payloadOf(name: string, input: object, fields: string): Promise<Payload> {
  const { data, errors } = await send(name, input, fields);
  const payload = data?.[name];
  if (errors || payload === undefined) throw new Error(JSON.stringify(errors));
  return payload;
}

function send(name: string, input: object, fields: string) {
  const type = name.charAt(0).toUpperCase() + name.slice(1);
  return server.send<Readonly<Record<string, Payload>> | null>(
    `mutation M($input: ${type}Input!) { ${name}(input: $input) { __typename
       ... on ${type}Payload { ${fields} } ... on Error { code message } } }`,
    { input },
  );
}

/** A seller whose order of 5 shares at 10.00 rests, and a buyer with 100.00. */
async function createMarket() {
  const symbol = await client.list();
  const buyer = await client.open({ cash: '100.00' });
  const seller = await client.open({ shares: { [symbol]: '10' } });
  const limit = { quantity: '5', limitPrice: '10.00' };
  await accepted(client.place(seller, symbol, { side: 'SELL', ...limit }));
  const kind = { side: 'BUY', type: 'LIMIT', timeInForce: 'GTC' };
  return { symbol, buyer, seller, buy: { accountId: buyer, symbol, ...kind, ...limit } };
}

const proposedEvents = 'proposedEvents { type streamId version occurredAt data }';
const traded = `order { status filledQuantity fills { quantity } } trades { quantity }
  account { balance positions { quantity } portfolio { cash marketValue equity } }`;
const expected = {
  order: { status: 'FILLED', filledQuantity: '5', fills: [{ quantity: '5' }] },
  trades: [{ quantity: '5' }],
  account: {
    balance: '50.00',
    positions: [{ quantity: '5' }],
    portfolio: { cash: '50.00', marketValue: '50.00', equity: '100.00' },
  },
};

describe('the payload of a dry run', () => {
  test('has the cash, positions and equity of one proposed state', async () => {
    const { symbol, buyer, buy } = await createMarket();
    expect(await payloadOf('placeOrder', { ...buy, dryRun: true }, traded)).toMatchObject(expected);
    const keyed = { ...buy, idempotencyKey: symbol };
    expect(await payloadOf('placeOrder', keyed, traded)).toMatchObject(expected);
    const replayed = await payloadOf('placeOrder', keyed, `replayed ${traded}`);
    expect(replayed).toMatchObject({ replayed: true, ...expected });
    const shares = { accountId: buyer, symbol, quantity: '7', costPrice: '5.00', dryRun: true };
    const fields = 'account { positions { symbol quantity } }';
    expect(await payloadOf('depositShares', shares, fields)).toMatchObject({
      account: { positions: [{ symbol, quantity: '12' }] },
    });
  });

  test('of a rejected command is the rejection', async () => {
    const { seller } = await createMarket();
    const input = { accountId: seller, dryRun: true };
    expect(await payloadOf('closeAccount', input, 'dryRun')).toMatchObject({
      code: 'ACCOUNT_NOT_EMPTY',
    });
  });

  test('has an instrument that is not listed yet, with its prices, book and candles', async () => {
    const symbol = `N${randomUUID().slice(0, 8).toUpperCase()}`;
    const sizes = { tickSize: '0.01', lotSize: '1' };
    const input = { symbol, name: 'New', currency: 'USD', ...sizes, dryRun: true };
    const range = 'from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"';
    const fields = `instrument { symbol lastPrice orderBook { bids { price } asks { price } }
      candles(interval: DAY, ${range}) { open } }`;
    expect(await payloadOf('listInstrument', input, fields)).toMatchObject({
      instrument: { symbol, lastPrice: null, orderBook: { bids: [], asks: [] }, candles: [] },
    });
  });

  test('shows the head of the log as the sequence of everything that would change', async () => {
    const { buy } = await createMarket();
    const head = await client.head();
    const fields = `sequence order { sequence placedAt updatedAt fills { sequence executedAt } }
      account { sequence updatedAt portfolio { sequence } }`;
    const payload = await payloadOf('placeOrder', { ...buy, dryRun: true }, fields);
    expect(payload).toMatchObject({
      sequence: head,
      order: { sequence: head, fills: [{ sequence: head }] },
      account: { sequence: head, portfolio: { sequence: head } },
    });
    const { recordedAt } = await server.engine.log.head();
    const { account } = payload as { account: { updatedAt: string } };
    expect(account.updatedAt > String(recordedAt)).toBe(true);
  });
});

describe('the lists of a dry run', () => {
  interface Listed {
    readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean };
  }

  /** An account with five orders, and what its list would be if the third were replaced. */
  async function createList() {
    const { symbol, buyer } = await createMarket();
    const ids: string[] = [];
    for (const limitPrice of ['1.00', '1.01', '1.02', '1.03', '1.04']) {
      const request = { side: 'BUY', quantity: '1', limitPrice };
      ids.push((await accepted(client.place(buyer, symbol, request))).order.id);
    }
    const newOrderId = randomUUID();
    const input = { orderId: ids[2], newOrderId, quantity: '2', dryRun: true };
    const read = async (args: string): Promise<Listed> => {
      const page = `orders(${args}) {
        edges { cursor node { id: orderId } } pageInfo { hasNextPage hasPreviousPage } }`;
      const payload = await payloadOf('replaceOrder', input, `account { ${page} }`);
      return (payload as { account: { orders: Listed } }).account.orders;
    };
    return {
      read,
      all: [...ids, newOrderId],
      open: [...ids, newOrderId].filter((_, i) => i !== 2),
    };
  }

  const filter = 'filter: { statuses: [NEW, PARTIALLY_FILLED] }';

  /** Reads the ids of all pages, in the order of the list. */
  async function readPages(
    read: (args: string) => Promise<Listed>,
    isForward: boolean,
    args: string,
  ): Promise<readonly string[]> {
    let ids: readonly string[] = [];
    let from = '';
    for (;;) {
      const { edges, pageInfo } = await read(`${isForward ? 'first' : 'last'}: 2, ${args} ${from}`);
      const page = edges.map(({ node }) => node.id);
      ids = isForward ? [...ids, ...page] : [...page, ...ids];
      if (!(isForward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return ids;
      const cursor = edges.at(isForward ? -1 : 0)?.cursor;
      from = `${isForward ? 'after' : 'before'}: "${cursor}"`;
    }
  }

  test.each([true, false])('are read page by page, forward: %s', async (isForward) => {
    const { read, all, open } = await createList();
    for (const [narrow, expected] of [
      ['', all],
      [filter, open],
    ] as const) {
      const ascending = `descending: false ${narrow}`;
      expect(await readPages(read, isForward, ascending)).toEqual(expected);
      const descending = `descending: true ${narrow}`;
      expect(await readPages(read, isForward, descending)).toEqual(expected.toReversed());
    }
  });

  test('omit what a filter would no longer match', async () => {
    const { read, all } = await createList();
    const { edges } = await read('filter: { status: REPLACED }');
    expect(edges.map(({ node }) => node.id)).toEqual([all[2]]);
  });
});

describe('the history of an account', () => {
  const history = `account { history(first: 1) { nodes { type } } } ${proposedEvents}`;

  test('is rejected in a dry run, whether or not it would record something', async () => {
    const accountId = await client.open();
    for (const name of ['unfreezeAccount', 'freezeAccount']) {
      const { errors } = await send(name, { accountId, dryRun: true }, history);
      expect(errors).toMatchObject([
        {
          message:
            'a dry run records no events to list: select proposedEvents of its payload instead',
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ]);
    }
  });

  test('can be read in a dry run that replays a recorded answer', async () => {
    const accountId = await client.open();
    const deposit = { accountId, amount: '1.00', idempotencyKey: accountId };
    await payloadOf('depositCash', deposit, 'sequence');
    await payloadOf('depositCash', { accountId, amount: '5.00' }, 'sequence');
    const fields = `dryRun replayed events { type } ${history} account { balance }`;
    const again = await payloadOf('depositCash', { ...deposit, dryRun: true }, fields);
    expect(again).toMatchObject({
      dryRun: true,
      replayed: true,
      proposedEvents: [],
      events: [{ type: 'CashDeposited' }],
      account: { balance: '1.00', history: { nodes: [{ type: 'AccountOpened' }] } },
    });
  });
});

describe('the proposed events', () => {
  test('are those that the command would record, in order, with the given time', async () => {
    const { buyer, seller, buy } = await createMarket();
    const order = await payloadOf('placeOrder', { ...buy, dryRun: true }, proposedEvents);
    expect(order['proposedEvents']).toMatchObject([
      { type: 'OrderPlaced', version: 1, occurredAt: null },
      { type: 'TradeExecuted', data: { quantity: '5', price: '10.00' } },
      { type: 'PurchaseSettled', streamId: `account-${buyer}`, version: 3 },
      { type: 'SaleSettled', streamId: `account-${seller}` },
    ]);
    const occurredAt = '2020-01-01T00:00:00.000000Z';
    const deposit = { accountId: buyer, amount: '1.00', occurredAt, dryRun: true };
    const cash = await payloadOf('depositCash', deposit, proposedEvents);
    expect(cash['proposedEvents']).toMatchObject([{ type: 'CashDeposited', occurredAt }]);
  });

  test('are empty if nothing would change, and for a command that is recorded', async () => {
    const accountId = await client.open();
    const dry = await payloadOf('unfreezeAccount', { accountId, dryRun: true }, proposedEvents);
    expect(dry['proposedEvents']).toEqual([]);
    const real = await payloadOf('depositCash', { accountId, amount: '1.00' }, proposedEvents);
    expect(real['proposedEvents']).toEqual([]);
  });
});
