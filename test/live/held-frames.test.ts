import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { withViewsHeld } from '../support/held-views.ts';
import { subscribe } from '../support/live.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import {
  createTradingClient,
  type TradeSeen,
  type TradingClient,
} from '../support/trading-client.ts';
import { until } from '../support/until.ts';

let server: TestServer;
let client: TradingClient;
let other: Database;
beforeAll(async () => {
  server = await createTestServer();
  client = createTradingClient(server);
  // A separate connection, because locks of the server's own connections time out.
  const { databaseUrl: url } = server;
  const limits = { poolMax: 2, statementTimeoutMs: 60_000, idleInTransactionTimeoutMs: 60_000 };
  other = createDatabase({ url, applicationName: 'holder', log: silentLogger, ...limits });
});
afterAll(async () => {
  await other.stop();
  await server.dispose();
});

interface Frame {
  readonly trades: { readonly sequence: string; readonly trade: TradeSeen | null };
}

const query = `subscription S($symbol: ID!, $after: Sequence) {
  trades(symbol: $symbol, after: $after) {
    sequence trade { id buyOrder { status } sellOrder { status } } } }`;

/** Places an order and requests only fields that need no view. */
const placing = `mutation M($input: PlaceOrderInput!) { placeOrder(input: $input) {
  ... on PlaceOrderPayload { events { type } } ... on Error { message } } }`;

/** An instrument, and a function that makes a trade in it. */
async function market() {
  const symbol = await client.list();
  const buyer = await client.open({ cash: '1000.00' });
  const seller = await client.open({ shares: { [symbol]: '100' } });
  const after = await client.head();
  await client.read('{ log { sequence } }');
  async function place(accountId: string, side: string): Promise<void> {
    const terms = { type: 'LIMIT', timeInForce: 'GTC', quantity: '1', limitPrice: '1.00' };
    const { errors } = await server.send(placing, { input: { accountId, symbol, side, ...terms } });
    expect(errors).toBeUndefined();
  }
  async function trade(): Promise<void> {
    await place(seller, 'SELL');
    await place(buyer, 'BUY');
  }
  return { symbol, after, trade };
}

const tradesOf = (frames: readonly Frame[]) => frames.flatMap(({ trades }) => trades.trade ?? []);

test('a trade that the views do not show in time is held back and not lost', async () => {
  const { symbol, after, trade } = await market();
  const live = subscribe<Frame>(server.url, query, { symbol, after });
  await withViewsHeld(other, async () => {
    await trade();
    const head = Number(await client.head());
    // Once this has given up waiting, the frame has waited for as long.
    const { errors } = await server.send('{ accounts { nodes { id } } }');
    expect(errors).toMatchObject([{ extensions: { code: 'SEQUENCE_NOT_REACHED' } }]);
    for (const { trades } of live.frames) expect(Number(trades.sequence)).toBeLessThan(head);
  });
  await live.until((frames) => tradesOf(frames).length > 0);
  expect(tradesOf(live.frames)).toMatchObject([{ buyOrder: { status: 'FILLED' } }]);
  await live.cut();
});

test('a subscription ends before a trade whose orders are in a parked view', async () => {
  const { symbol, after, trade } = await market();
  // From here on the database rejects the documents of its orders.
  await sql(
    other,
    `alter table view_documents add constraint parked check (
      document is null or document ->> 'placedAt' is null or document ->> 'symbol' <> '${symbol}'
    ) not valid`,
  );
  await trade();
  await until(() => server.engine.views.rows().some(({ status }) => status === 'parked'));
  const live = subscribe<Frame>(server.url, query, { symbol, after });
  const seen = live.until((frames) => tradesOf(frames).length > 0);
  await expect(seen).rejects.toMatchObject([{ extensions: { code: 'VIEW_PARKED' } }]);
  expect(live.frames).toEqual([{ trades: { sequence: after, trade: null } }]);
  await live.cut();
});
