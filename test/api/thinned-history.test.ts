import { afterAll, beforeAll, expect, test } from 'vitest';
import { newUuid } from '../../src/lib/uuid.ts';
import { thinViews } from '../../src/views/thin-views.ts';
import { createTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await createTestServer();
});

afterAll(() => server.dispose());

interface Deposited {
  readonly depositCash: { readonly account: { readonly balance: string } };
}

test('reads before the floor of a thinned view report it, and all others are as before', async () => {
  const id = newUuid();
  await server.send(
    `mutation { openAccount(input: {accountId: "${id}", owner: "ann", currency: "USD"}) {
      __typename } }`,
  );
  const deposit = (key: string) =>
    server.send<Deposited>(
      `mutation { depositCash(input: {accountId: "${id}", amount: "1", idempotencyKey: "${key}"}) {
        ... on DepositCashPayload { account { balance } } } }`,
    );
  const sequences: string[] = [];
  for (const key of ['a', 'b', 'c', 'd', 'e']) {
    const answer = await deposit(`${id}${key}`);
    expect(answer.errors).toBeUndefined();
    sequences.push(answer.extensions.daybook.sequence);
  }
  const balanceAt = (asOf: string | undefined) =>
    server.send<{ account: { balance: string } | null }>(
      `query Q($asOf: Moment) { account(id: "${id}", asOf: $asOf) { balance } }`,
      { asOf },
    );
  const [first = '', second = '', third = ''] = sequences;
  expect((await balanceAt(first)).data.account?.balance).toBe('1.00');

  const thinned = await thinViews(server.database, { before: Number(third) });
  expect(thinned.find(({ name }) => name === 'accounts')).toMatchObject({
    historyFrom: Number(third),
    documents: 3,
  });
  for (const asOf of [first, second]) {
    const [error] = (await balanceAt(asOf)).errors ?? [];
    expect(error?.extensions).toMatchObject({ code: 'HISTORY_THINNED' });
    expect(error?.message).toBe(
      `the history of the view accounts begins at sequence ${third}: ` +
        `run "daybook rebuild accounts" to read it at ${asOf}`,
    );
  }
  expect((await balanceAt(third)).data.account?.balance).toBe('3.00');
  expect((await balanceAt(undefined)).data.account?.balance).toBe('5.00');
  // The answer under a key was stored: its state is folded from the log.
  expect((await deposit(`${id}a`)).data.depositCash.account.balance).toBe('1.00');

  await server.restart();
  const [error] = (await balanceAt(first)).errors ?? [];
  expect(error?.extensions).toMatchObject({ code: 'HISTORY_THINNED' });
});
