import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient, type DaybookClient } from '../../src/client/client.ts';
import { createDatabase, type Database } from '../../src/postgres/database.ts';
import { createRestorableDatabase, type RestorableDatabase } from '../support/restorable.ts';
import { startTestServer } from '../support/server.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

type Server = Awaited<ReturnType<typeof startTestServer>>;

let restorable: RestorableDatabase;
let database: Database;
let server: Server;
let client: DaybookClient;

beforeEach(async () => {
  restorable = await createRestorableDatabase();
  const { url } = restorable;
  database = createDatabase({ url, applicationName: 'server', poolMax: 4, log: silentLogger });
  server = await startTestServer(url, database);
  client = createClient({ url: `${server.url}/graphql`, webSocketImpl: WebSocket });
});

afterEach(async () => {
  client.close();
  await server.stop();
  await database.stop();
  await restorable.dispose();
});

interface AccountFrame {
  readonly account: { readonly sequence: string; readonly account: { readonly balance: string } };
}

const open = `mutation M($input: OpenAccountInput!) {
  openAccount(input: $input) { ... on OpenAccountPayload { account { id } } } }`;
const deposit =
  'mutation M($input: DepositCashInput!) { depositCash(input: $input) { __typename } }';
const watchAccount = `subscription S($id: ID!) {
  account(id: $id) { sequence account { balance } } }`;
const watchLog = 'subscription S($after: Sequence) { events(after: $after) { sequence } }';
const balance = 'query Q($id: ID!) { account(id: $id) { balance } }';

test('after a restore of the log, states begin again, a cursor ends, and queries work', async () => {
  const { openAccount } = await client.mutate<{ openAccount: { account: { id: string } } }>(open, {
    input: { owner: 'Ann', currency: 'EUR' },
  });
  const { id } = openAccount.account;
  const input = { accountId: id, amount: '1.00' };
  await restorable.keep();
  await client.mutate(deposit, { input });
  await client.mutate(deposit, { input });
  const balances: string[] = [];
  const watching = (async () => {
    for await (const { account } of client.subscribe<AccountFrame>(watchAccount, { id })) {
      balances.push(account.account.balance);
    }
  })();
  const following = (async () => {
    for await (const _ of client.subscribe(watchLog, { after: '0' }));
  })().then(
    () => null,
    (error: unknown) => error,
  );
  await until(() => balances.at(-1) === '2.00');
  await restorable.restore();
  await until(() => balances.at(-1) === '0.00', 20_000);
  expect(await following).toMatchObject({ name: 'DaybookError', code: 'LOG_REPLACED' });
  expect(await client.query(balance, { id })).toEqual({ account: { balance: '0.00' } });
  expect(client.sequence()).toBe('1');
  client.close();
  await watching;
});
