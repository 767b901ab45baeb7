import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { subscribe } from '../support/live.ts';
import { createTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.dispose());

interface Frame {
  readonly account: {
    readonly sequence: string;
    readonly account: { readonly balance: string; readonly sequence: string };
    readonly event: { readonly type: string; readonly sequence: string } | null;
  };
}

const query = `subscription S($id: ID!) {
  account(id: $id) { sequence account { balance sequence } event { type sequence } } }`;

async function open(): Promise<string> {
  const accountId = randomUUID();
  await server.send(
    `mutation M($id: ID) { openAccount(input: { accountId: $id, owner: "Ada", currency: "EUR" }) { __typename } }`,
    { id: accountId },
  );
  return accountId;
}

async function deposit(accountId: string): Promise<string> {
  const { data } = await server.send<{ depositCash: { sequence: string } }>(
    `mutation M($id: ID!) { depositCash(input: { accountId: $id, amount: "1.00" }) {
      ... on DepositCashPayload { sequence } } }`,
    { id: accountId },
  );
  return data.depositCash.sequence;
}

test('the state is sent at once, then after each event together with that event', async () => {
  const id = await open();
  const live = subscribe<Frame>(server.url, query, { id });
  await live.until((frames) => frames.length === 1);
  expect(live.frames[0]).toMatchObject({ account: { account: { balance: '0.00' }, event: null } });
  await deposit(await open());
  const sequence = await deposit(id);
  await live.until((frames) => frames.length === 2);
  expect(live.frames[1]).toEqual({
    account: {
      sequence,
      account: { balance: '1.00', sequence },
      event: { type: 'CashDeposited', sequence },
    },
  });
  await live.cut();
});

test('during concurrent writes the balances rise without a gap and end with the last one', async () => {
  const id = await open();
  await deposit(id);
  const writers = Promise.all(Array.from({ length: 200 }, () => deposit(id)));
  const live = subscribe<Frame>(server.url, query, { id });
  await live.until((frames) => frames.at(-1)?.account.account.balance === '201.00');
  await writers;
  const balances = live.frames.map(({ account }) => Number(account.account.balance));
  expect(balances).toEqual([...balances].sort((a, b) => a - b));
  expect(new Set(balances).size).toBe(balances.length);
  for (const { account } of live.frames) {
    if (account.event !== null) expect(account.account.sequence).toBe(account.event.sequence);
  }
  await live.cut();
});

test('watching an account that does not exist is refused', async () => {
  const id = randomUUID();
  const live = subscribe<Frame>(server.url, query, { id });
  await expect(live.until(() => false)).rejects.toMatchObject([
    { message: `there is no account ${id}`, extensions: { code: 'ACCOUNT_NOT_FOUND' } },
  ]);
  await live.cut();
});

test('a watch leaves nothing behind when its subscriber leaves', async () => {
  const id = await open();
  const cuts = Array.from({ length: 20 }, async () => {
    const live = subscribe<Frame>(server.url, query, { id });
    await live.until((frames) => frames.length === 1);
    await live.cut();
  });
  await Promise.all(cuts);
  await expect.poll(() => server.engine.watcher.watching()).toBe(0);
});
