import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCase } from '../../support/cases.ts';
import { createTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

test('an order that is worth less than a minor unit cannot buy shares', async () => {
  const [, , buying, accounts] = await runCase(server, 'zero-amount');
  expect(buying?.data['placeOrder']).toMatchObject({ code: 'ORDER_TOO_SMALL' });
  expect(accounts?.data).toMatchObject({
    buyer: { balance: '0', portfolio: { equity: '0', positions: [] } },
    seller: { balance: '0', portfolio: { realizedPnl: '0' } },
  });
});

test('the profit of a position is its proceeds minus its cost, even over three hundred fills', async () => {
  const [, , , , portfolio] = await runCase(server, 'realized-profit');
  expect(portfolio?.data['account']).toEqual({
    portfolio: { cash: '4999.00', equity: '4999.00', realizedPnl: '-1.00', unrealizedPnl: '0.00' },
  });
});

test('no cash or shares leave a frozen account', async () => {
  const [, freezing, , account] = await runCase(server, 'frozen-account');
  expect(freezing?.data['freezeAccount']).toEqual({
    account: { status: 'FROZEN', balance: '90.00', held: '0.00', positions: [{ quantity: '10' }] },
  });
  expect(account?.data['account']).toMatchObject({
    status: 'FROZEN',
    balance: '90.00',
    positions: [{ quantity: '10' }],
    history: {
      nodes: ['AccountFrozen', 'CashReleased', 'SharesReleased'].map((type) => ({ type })),
    },
  });
});

test('an account with open orders cannot be closed', async () => {
  const [, closing, , account] = await runCase(server, 'closed-account');
  expect(closing?.data).toMatchObject({
    stop: { order: { status: 'HELD' } },
    closeAccount: { code: 'ACCOUNT_NOT_EMPTY' },
  });
  expect(account?.data['account']).toMatchObject({
    status: 'OPEN',
    balance: '0',
    positions: [],
    orders: {
      nodes: [
        { type: 'STOP', status: 'HELD' },
        { type: 'LIMIT', status: 'REJECTED' },
      ],
    },
  });
});

test('a price from before the order was placed does not trigger a stop order', async () => {
  const [, , , order] = await runCase(server, 'history-fires-stop');
  expect(order?.data['order']).toMatchObject({ status: 'HELD', averagePrice: null, fills: [] });
});
