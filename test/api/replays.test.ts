import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { withViewsHeld } from '../support/held-views.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';

let server: TestServer;
let holder: Database;
beforeAll(async () => {
  server = await createTestServer();
  const { databaseUrl: url } = server;
  const limits = { poolMax: 2, statementTimeoutMs: 60_000, idleInTransactionTimeoutMs: 60_000 };
  holder = createDatabase({ url, applicationName: 'holder', log: silentLogger, ...limits });
});
afterAll(async () => {
  await holder.stop();
  await server.dispose();
});

const account = 'account { id owner currency balance held available status version sequence }';
const order = `id status quantity filledQuantity leavesQuantity averagePrice limitPrice reason
  placedAt updatedAt sequence`;
const instrument = 'instrument { symbol name tickSize tradingStatus }';

/** The fields of each payload that need no view. */
const fields: Readonly<Record<string, string>> = {
  openAccount: account,
  depositCash: account,
  freezeAccount: account,
  closeAccount: account,
  transferCash: `${account.replace('account', 'from')} ${account.replace('account', 'to')}`,
  listInstrument: instrument,
  recordPrice: instrument,
  haltTrading: instrument,
  depositShares: account,
  placeOrder: `order { ${order} } trades { id price quantity } ${account}`,
  replaceOrder: `order { ${order} } replaced { ${order} } trades { id } ${account}`,
  cancelOrder: `order { ${order} } ${account}`,
};

type Sent = readonly [name: string, input: Readonly<Record<string, unknown>>];

async function send([name, input]: Sent) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const { data, errors } = await server.send<Readonly<Record<string, object>>>(
    `mutation M($input: ${type}Input!) { ${name}(input: $input) { __typename
      ... on ${type}Payload { replayed sequence events { id sequence } ${fields[name]} }
      ... on Error { code message } } }`,
    { input },
  );
  if (errors) throw new Error(`${name}: ${JSON.stringify(errors)}`);
  expect(data[name]).not.toHaveProperty('code');
  return data[name];
}

function program(): readonly Sent[] {
  const symbol = `R${randomUUID().slice(0, 8).toUpperCase()}`;
  const [buyer, seller, first, second, third, fourth] = Array.from({ length: 6 }, () =>
    randomUUID(),
  );
  const terms = { type: 'LIMIT', timeInForce: 'GTC', limitPrice: '2.00' };
  const place = (orderId: string | undefined, accountId: string | undefined, side: string) =>
    ['placeOrder', { orderId, accountId, symbol, side, quantity: '3', ...terms }] as const;
  const steps = { tickSize: '0.01', lotSize: '1' };
  const sent: readonly Sent[] = [
    ['listInstrument', { symbol, name: 'Replayed', currency: 'USD', ...steps }],
    ['recordPrice', { symbol, price: '1.50' }],
    ['openAccount', { accountId: buyer, owner: 'Bea', currency: 'USD' }],
    ['openAccount', { accountId: seller, owner: 'Sam', currency: 'USD' }],
    ['depositCash', { accountId: buyer, amount: '100.00' }],
    ['depositShares', { accountId: seller, symbol, quantity: '9', costPrice: '1.00' }],
    place(first, buyer, 'BUY'),
    place(second, seller, 'SELL'),
    place(third, buyer, 'BUY'),
    ['replaceOrder', { orderId: third, newOrderId: fourth, quantity: '4' }],
    ['cancelOrder', { orderId: fourth }],
    ['transferCash', { fromAccountId: buyer, toAccountId: seller, amount: '1.00' }],
    ['haltTrading', { symbol }],
    ['freezeAccount', { accountId: seller }],
    ['freezeAccount', { accountId: seller, reason: 'again' }],
    ['depositCash', { accountId: buyer, amount: '5.00' }],
  ];
  return sent.map(([name, input], index) => {
    return [name, { ...input, idempotencyKey: `${symbol} ${index}` }];
  });
}

test('a key sent again gets the same answer at once while the views are stopped', async () => {
  await withViewsHeld(holder, async () => {
    const sent = program();
    const first: unknown[] = [];
    for (const command of sent) first.push(await send(command));
    const again = await Promise.all(sent.map(send));
    expect(again).toEqual(first.map((answer) => ({ ...Object(answer), replayed: true })));
  });
});

test('a key sent again gets the same answer from the views', async () => {
  const sent = program();
  const first: unknown[] = [];
  for (const command of sent) first.push(await send(command));
  await server.send('{ accounts { nodes { id } } }');
  const again = await Promise.all(sent.map(send));
  expect(again).toEqual(first.map((answer) => ({ ...Object(answer), replayed: true })));
});
