import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { delay } from '../../src/lib/delay.ts';
import {
  type ActorServer,
  actorSecret,
  createActorServer,
  openTwoAccounts,
  type TwoAccounts,
} from '../support/actors.ts';
import { type LiveFrames, subscribe } from '../support/live.ts';
import { startTestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: ActorServer;
let second: Awaited<ReturnType<typeof startTestServer>>;
let ids: TwoAccounts;
beforeAll(async () => {
  server = await createActorServer();
  ids = await openTwoAccounts(server);
  const { databaseUrl, database } = server;
  second = await startTestServer(databaseUrl, database, { jwtSecret: actorSecret });
});
afterAll(async () => {
  await second.stop();
  await server.dispose();
});

const grant = (actor: string, access: string) =>
  server.commandAs('olga', 'grantAccess', { accountId: ids.account, actor, access });
const revoke = (actor: string) =>
  server.commandAs('olga', 'revokeAccess', { accountId: ids.account, actor });

interface GrantRow {
  readonly actor: string;
  readonly access: string;
  readonly grantedBy: string;
}

async function grants(): Promise<readonly GrantRow[]> {
  const query = `{ account(id: "${ids.account}") {
    grants { actor access grantedBy grantedAt } } }`;
  const { data } = await server.sendAs<{ account: { grants: GrantRow[] } }>('olga', query);
  return data.account.grants;
}

test('an owner gives access, changes it and revokes it', async () => {
  const before = await grants();
  await grant('nora', 'VIEW');
  expect(await grants()).toMatchObject([
    ...before,
    { actor: 'nora', access: 'VIEW', grantedBy: 'olga' },
  ]);
  await grant('nora', 'FULL');
  expect(await grants()).toMatchObject([...before, { actor: 'nora', access: 'FULL' }]);
  const { sequence } = await revoke('nora');
  expect(await grants()).toEqual(before);
  expect(await revoke('nora')).toEqual({ sequence });
});

test('the owner cannot be given access', async () => {
  const query = `mutation { grantAccess(input: {
    accountId: "${ids.account}", actor: "olga", access: VIEW }) { __typename } }`;
  const { errors } = await server.sendAs('olga', query);
  expect(errors?.[0]?.extensions).toMatchObject({
    code: 'BAD_USER_INPUT',
    inputPath: ['input', 'actor'],
  });
});

test('an account has at most 100 grants', async () => {
  const accountId = randomUUID();
  await server.commandAs('gus', 'openAccount', { accountId, owner: 'gus', currency: 'EUR' });
  const give = (actor: string) =>
    server.commandAs('gus', 'grantAccess', { accountId, actor, access: 'VIEW' });
  for (let n = 0; n < 100; n += 1) expect((await give(`g${n}`)).code).toBeUndefined();
  expect((await give('one more')).code).toBe('TOO_MANY_GRANTS');
  await server.commandAs('gus', 'revokeAccess', { accountId, actor: 'g7' });
  expect((await give('one more')).code).toBeUndefined();
  const seenBy = async (actor: string) => {
    const query = '{ accounts(filter: { owner: "gus" }) { nodes { accountId } } }';
    const { data } = await server.sendAs<{ accounts: { nodes: object[] } }>(actor, query);
    return data.accounts.nodes;
  };
  expect(await seenBy('g7')).toEqual([]);
  for (const actor of ['g0', 'g8', 'g99', 'one more', 'gus']) {
    expect(await seenBy(actor), actor).toEqual([{ accountId }]);
  }
});

describe('while an actor watches on another server', () => {
  const queries = {
    account: (id: string) => `subscription { account(id: "${id}") { account { balance } } }`,
    order: (_: string) => `subscription { order(id: "${ids.order}") { order { status } } }`,
    portfolio: (id: string) =>
      `subscription { portfolio(accountId: "${id}") { portfolio { cash } } }`,
  };

  /** Gives access, and waits until the other server shows it. */
  async function letIn(actor: string): Promise<void> {
    const { sequence } = await grant(actor, 'VIEW');
    await until(() => second.engine.views.checkpoint() >= Number(sequence));
  }

  async function watch<Frame>(actor: string, query: string): Promise<LiveFrames<Frame>> {
    const headers = await server.headersOf(actor);
    const live = subscribe<Frame>(second.url, query, {}, headers);
    await live.until((frames) => frames.length > 0);
    return live;
  }

  test.each(Object.entries(queries))('the subscription %s ends within a second', async (_, of) => {
    await letIn('wes');
    const live = await watch('wes', of(ids.account));
    const count = live.frames.length;
    await revoke('wes');
    const since = performance.now();
    const [error] = await live.until(() => false).catch((errors) => errors);
    expect(error.extensions.code).toMatch(/^(ACCOUNT|ORDER)_NOT_FOUND$/);
    expect(performance.now() - since).toBeLessThan(1_000);
    expect(live.frames).toHaveLength(count);
    await live.cut();
  });

  test('a change of another grant is no news of an order', async () => {
    await letIn('wes');
    const live = await watch('wes', queries.order(ids.account));
    await grant('nora', 'VIEW');
    await revoke('nora');
    await delay(300);
    expect(live.frames).toHaveLength(1);
    await live.cut();
    await revoke('wes');
  });

  test('a live query begins and ceases to show the account', async () => {
    type Frame = { live: { accounts: { nodes: { id: string }[] }; order: object | null } };
    const query = `subscription { live {
      accounts { nodes { id } } order(id: "${ids.order}") { status } } }`;
    const live = await watch<Frame>('wes', query);
    const shown = {
      accounts: { nodes: [{ id: ids.account }] },
      order: { status: expect.any(String) },
    };
    const hidden = { accounts: { nodes: [] }, order: null };
    for (const [change, expected] of [
      [() => grant('wes', 'TRADE'), shown],
      [() => revoke('wes'), hidden],
    ] as const) {
      await change();
      const since = performance.now();
      await live.until((frames) => {
        const last = frames.at(-1)?.live;
        return (
          (last?.order === null) === (expected === hidden) &&
          last !== undefined &&
          last.accounts.nodes.length === expected.accounts.nodes.length
        );
      });
      expect(performance.now() - since).toBeLessThan(1_000);
      expect(live.frames.at(-1)?.live).toEqual(expected);
    }
    await live.cut();
  });
});

test('the past is read with the rights of now', async () => {
  const query = `{ account(id: "${ids.account}", asOf: "4") { balance }
    node(id: "${ids.account}@4") { id } accounts(asOf: "4") { nodes { accountId } } }`;
  const nothing = { account: null, node: null, accounts: { nodes: [] } };
  const ask = async () => (await server.sendAs('pam', query)).data;
  expect(await ask()).toEqual(nothing);
  await grant('pam', 'VIEW');
  expect(await ask()).toMatchObject({ accounts: { nodes: [{ accountId: ids.account }] } });
  await revoke('pam');
  expect(await ask()).toEqual(nothing);
});

test('an answer about the past that depends on rights is not kept by caches', async () => {
  const query = `{ account(id: "${ids.account}", asOf: "4") { balance } }`;
  const headersOf = async (actor: string, roles: readonly ('OPERATOR' | 'AUDITOR')[]) => {
    const parameters = new URLSearchParams({ query });
    const response = await fetch(`${server.url}/graphql?${parameters}`, {
      headers: { ...(await server.headersOf(actor, roles)), accept: 'application/json' },
    });
    await response.text();
    return response.headers.get('cache-control');
  };
  expect(await headersOf('olga', [])).toBe('no-store');
  expect(await headersOf('stan', [])).toBe('no-store');
  expect(await headersOf('ops', ['OPERATOR'])).toMatch('immutable');
});

test('a recorded answer shows nothing of an account that may not be seen any more', async () => {
  await grant('rex', 'FULL');
  const input = { accountId: ids.account, amount: '1.00', idempotencyKey: 'once' };
  const query = (fields: string) => `mutation M($input: WithdrawCashInput!) {
    withdrawCash(input: $input) { ... on WithdrawCashPayload { replayed ${fields} } } }`;
  const first = await server.sendAs('rex', query('events { data } account { balance }'), { input });
  expect(first.errors).toBeUndefined();
  await revoke('rex');
  const plain = await server.sendAs('rex', query('events { data }'), { input });
  expect(plain.data).toEqual({ withdrawCash: { replayed: true, events: [] } });
  const full = await server.sendAs('rex', query('account { balance }'), { input });
  expect(full.data).toEqual({ withdrawCash: null });
  expect(full.errors?.[0]?.extensions['code']).toBe('ACCOUNT_NOT_FOUND');
});

test('an expected version says nothing of an account that may not be seen', async () => {
  const input = { accountId: ids.account, amount: '1.00', expectedVersion: 1 };
  expect((await server.commandAs('stan', 'withdrawCash', input)).code).toBe('ACCOUNT_NOT_FOUND');
});

test('a transfer says nothing of a receiving account that may not be seen', async () => {
  const open = async (currency: string): Promise<string> => {
    const accountId = randomUUID();
    await server.commandAs('xia', 'openAccount', { accountId, owner: 'xia', currency });
    return accountId;
  };
  const [frozen, dollars] = [await open('EUR'), await open('USD')];
  await server.commandAs('ops', 'freezeAccount', { accountId: dollars }, ['OPERATOR']);
  await server.commandAs('xia', 'closeAccount', { accountId: frozen });
  const send = async (toAccountId: string) => {
    const input = { fromAccountId: ids.account, toAccountId, amount: '1.00' };
    const { code, message } = await server.commandAs('olga', 'transferCash', input);
    return [code, message?.replace(toAccountId, '<id>')];
  };
  const unknown = await send(randomUUID());
  expect(unknown[0]).toBe('ACCOUNT_NOT_FOUND');
  for (const id of [frozen, dollars]) expect(await send(id)).toEqual(unknown);
});

test('no command of an actor takes effect after its access was revoked', async () => {
  const withdraw = async (url: string): Promise<void> => {
    const query = `mutation { withdrawCash(input: { accountId: "${ids.account}", amount: "0.01" }) {
      __typename } }`;
    await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await server.headersOf('rio')) },
      body: JSON.stringify({ query }),
    });
  };
  for (let round = 0; round < 8; round += 1) {
    await grant('rio', 'FULL');
    let isOver = false;
    const load = [server.url, second.url, server.url, second.url].map(async (url) => {
      while (!isOver) await withdraw(url);
    });
    await delay(50);
    await revoke('rio');
    await delay(20);
    isOver = true;
    await Promise.all(load);
  }
  const events = await server.engine.log.events(
    { streamId: `account-${ids.account}` },
    { limit: 100_000 },
  );
  let isGranted = false;
  let count = 0;
  for (const { type, actor, data } of events) {
    if (data['grantee'] === 'rio') isGranted = type === 'AccessGranted';
    if (type !== 'CashWithdrawn' || actor !== 'rio') continue;
    count += 1;
    expect(isGranted).toBe(true);
  }
  expect(count).toBeGreaterThan(8);
});
