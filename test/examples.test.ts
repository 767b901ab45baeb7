import { afterAll, beforeAll, expect, test } from 'vitest';
import { examples } from '../src/examples.ts';
import { runExample, type Shown } from './support/run-examples.ts';
import { createTestServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

async function runAll(): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  for (const example of examples) {
    shown.push(await runExample(server.url, example));
    // A user is slower than the views; a test is not.
    const { sequence } = await server.engine.log.head();
    await server.engine.views.waitFor(sequence, 5_000, AbortSignal.timeout(5_000));
  }
  return shown;
}

test('the tabs of GraphiQL, run in order, return what their titles say', async () => {
  const shown = await runAll();
  expect(JSON.stringify(shown)).not.toContain('Error');
  expect(shown.slice(6)).toMatchObject([
    {
      depositCash: { account: { owner: 'Ada', balance: '5000.00' } },
      depositShares: { account: { positions: [{ symbol: 'TOUR', quantity: '100' }] } },
    },
    {
      placeOrder: {
        order: { status: 'NEW', leavesQuantity: '40' },
        account: { positions: [{ held: '40' }] },
      },
    },
    { order: { order: { status: 'NEW', filledQuantity: '0' }, event: null } },
    { orderBook: { orderBook: { asks: [{ price: '10.00', quantity: '40' }], bids: [] } } },
    {
      placeOrder: {
        order: { status: 'FILLED', filledQuantity: '15', averagePrice: '10' },
        trades: [
          {
            price: '10.00',
            quantity: '15',
            amount: '150.00',
            buyFee: '0.05',
            sellOrder: { status: 'PARTIALLY_FILLED', leavesQuantity: '25' },
          },
        ],
        account: { balance: '4849.95', held: '0.00' },
      },
    },
    {
      replaceOrder: {
        replaced: { status: 'REPLACED' },
        order: { quantity: '30', filledQuantity: '15', leavesQuantity: '15', limitPrice: '10.20' },
      },
    },
    {
      cancelOrder: {
        replayed: false,
        order: { status: 'CANCELED', filledQuantity: '15', leavesQuantity: '0' },
        account: { positions: [{ quantity: '85', held: '0' }] },
      },
    },
    {
      now: { portfolio: { cash: '149.98', positions: [{ quantity: '85' }] } },
      before: { portfolio: { cash: '0.00', positions: [{ quantity: '100' }] } },
    },
    { trialBalance: { isBalanced: true } },
  ]);
});

test('tabs with a key change nothing when run again, and no tab returns an error', async () => {
  const shown = await runAll();
  expect(JSON.stringify(shown)).not.toContain('Error');
  expect(shown[12]).toMatchObject({
    cancelOrder: { replayed: true, order: { status: 'CANCELED' } },
  });
});
