import { readFile } from 'node:fs/promises';
import type { AnyVariables, Client, OperationResult } from '@urql/core';
import { buildSchema, introspectionFromSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient, type DaybookClient } from '../../src/client/client.ts';
import { type FaultyFront, startFaultyFront } from '../support/faulty-front.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { createRecipe, type Recipe } from './recipe.ts';

let server: TestServer;
let front: FaultyFront;
let recipe: Recipe;
let daybook: DaybookClient;
let urql: Client;

beforeAll(async () => {
  server = await createTestServer();
  front = await startFaultyFront([server.url], noFaults, 'none');
  recipe = await createRecipe({ title: '## urql', packages: ['@urql'] });
  const { createUrqlClient } = await recipe.load<UrqlModule>('urql.js');
  daybook = createClient({ url: front.url, webSocketImpl: WebSocket });
  urql = createUrqlClient(daybook, await introspect());
});
afterAll(async () => {
  daybook.close();
  await recipe[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
  await server.dispose();
});

const noFaults = { requestLost: 0, answerLost: 0, answerTorn: 0 };

interface UrqlModule {
  createUrqlClient(daybook: DaybookClient, introspection: unknown): Client;
  createPlainClient(url: string, introspection: unknown): Client;
}

async function introspect() {
  return introspectionFromSchema(buildSchema(await readFile('schema/schema.graphql', 'utf8')));
}

const openDocument = `mutation Open($input: OpenAccountInput!) {
  openAccount(input: $input) {
    ... on OpenAccountPayload { sequence account { id balance } }
    ... on Error { code message }
  }
}`;
const depositDocument = `mutation Deposit($input: DepositCashInput!) {
  depositCash(input: $input) {
    __typename
    ... on DepositCashPayload { sequence account { id balance } }
    ... on Error { code message }
  }
}`;
const balanceDocument = 'query Balance($id: ID!) { account(id: $id) { id balance } }';

async function open(): Promise<string> {
  const input = { owner: 'Ada', currency: 'EUR' };
  const { data } = await urql.mutation(openDocument, { input }).toPromise();
  return data.openAccount.account.id;
}

async function deposit(accountId: string, amount: string) {
  const input = { accountId, amount };
  const { data } = await urql.mutation(depositDocument, { input }).toPromise();
  return data.depositCash;
}

/** Collects the results of an operation until `end`. */
function watch(
  document: string,
  variables: AnyVariables,
  kind: 'query' | 'subscription' = 'query',
) {
  const results: OperationResult[] = [];
  const source = urql[kind](document, variables as Record<string, unknown>);
  const { unsubscribe } = source.subscribe((result) => results.push(result));
  return { results, last: () => results.at(-1)?.data, end: unsubscribe };
}

describe('urql', () => {
  test('shows the payload and the rejection of a mutation, and updates the cached query', async () => {
    const id = await open();
    const balance = watch(balanceDocument, { id });
    await until(() => balance.last()?.account.balance === '0.00');
    expect(await deposit(id, '100.00')).toMatchObject({
      __typename: 'DepositCashPayload',
      account: { id, balance: '100.00' },
    });
    await until(() => balance.last()?.account.balance === '100.00');
    expect(balance.results).toHaveLength(2);
    balance.end();
    const unknown = '00000000-0000-4000-8000-000000000000';
    expect(await deposit(unknown, '1.00')).toMatchObject({
      __typename: 'AccountNotFoundError',
      code: 'ACCOUNT_NOT_FOUND',
    });
  });

  test('passes on the errors of an answer with its data', async () => {
    const { data, error } = await urql
      .query('{ log { sequence } never: log(asOf: "1000000") { sequence } }', {})
      .toPromise();
    expect(data).toMatchObject({ log: { sequence: daybook.sequence() }, never: null });
    expect(error?.graphQLErrors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('keeps the balances of two moments apart', async () => {
    const id = await open();
    const { sequence } = await deposit(id, '1.00');
    await deposit(id, '2.00');
    const live = watch(balanceDocument, { id });
    await until(() => live.last()?.account.balance === '3.00');
    const document = `query Moments($id: ID!, $moment: Moment) {
      now: account(id: $id) { id balance }
      before: account(id: $id, asOf: $moment) { id balance }
    }`;
    const moments = watch(document, { id, moment: sequence });
    // The first result has only what the cache knows.
    await until(() => moments.results.at(-1)?.stale === false);
    expect(moments.last()).toMatchObject({
      now: { id, balance: '3.00' },
      before: { id: `${id}@${sequence}`, balance: '1.00' },
    });
    const past =
      'query Past($id: ID!, $moment: Moment) { account(id: $id, asOf: $moment) { id balance } }';
    await urql.query(past, { id, moment: sequence }).toPromise();
    await deposit(id, '4.00');
    await until(() => moments.last().now.balance === '7.00');
    expect(moments.last().before.balance).toBe('1.00');
    const shown = live.results.map(({ data }) => data.account.balance);
    expect([...new Set(shown)]).toEqual(['3.00', '7.00']);
    moments.end();
    live.end();
  });

  test('adds pages to a list with relayPagination', async () => {
    const id = await open();
    for (const amount of ['1.00', '2.00', '3.00', '4.00']) await deposit(id, amount);
    const document = `query History($id: ID!, $after: String) {
      account(id: $id) {
        id
        history(first: 2, after: $after) {
          edges { node { id ... on CashDeposited { amount } } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }`;
    const read = async (after: string | null) =>
      (await urql.query(document, { id, after }).toPromise()).data.account.history;
    let page = await read(null);
    const lengths = [page.edges.length];
    while (page.pageInfo.hasNextPage) {
      page = await read(page.pageInfo.endCursor);
      lengths.push(page.edges.length);
    }
    expect(lengths).toEqual([2, 4, 5]);
    const amounts = page.edges.map(({ node }: { node: { amount?: string } }) => node.amount);
    expect(amounts).toEqual([undefined, '1.00', '2.00', '3.00', '4.00']);
  });

  test('resumes a subscription after each cut, without loss or repetition', async () => {
    const id = await open();
    const document = `subscription Events($after: Sequence, $streamId: ID!) {
      events(after: $after, filter: { streamId: $streamId }) {
        sequence event { id ... on CashDeposited { amount } }
      }
    }`;
    const variables = { after: '0', streamId: `account-${id}` };
    const { results, end } = watch(document, variables, 'subscription');
    const amounts = () =>
      results.map(({ data }) => data.events.event?.amount).filter((amount) => amount !== undefined);
    const expected: string[] = [];
    for (let round = 1; round <= 3; round += 1) {
      expected.push(`${round}.00`, `${round}.50`);
      await deposit(id, `${round}.00`);
      await until(() => amounts().length >= 2 * round - 1);
      front.cut();
      await deposit(id, `${round}.50`);
    }
    await until(() => amounts().length >= expected.length);
    expect(amounts()).toEqual(expected);
    end();
  });

  test('updates a cached query by a live query', async () => {
    const id = await open();
    const fields = '{ sequence account(id: $id) { id balance } }';
    const balance = watch(`query Balance($id: ID!) ${fields}`, { id });
    await until(() => balance.last()?.account.balance === '0.00');
    const document = `subscription Live($id: ID!) { live ${fields} }`;
    const live = watch(document, { id }, 'subscription');
    await until(() => live.results.length === 1);
    await depositElsewhere(id);
    await until(() => balance.last()?.account.balance === '5.00');
    expect(balance.last().sequence).toBe(live.last().live.sequence);
    live.end();
    balance.end();
  });
});

describe('urql without the Daybook client', () => {
  test('retries queries, and only mutations with an idempotency key', async () => {
    const { createPlainClient } = await recipe.load<UrqlModule>('plain-urql.js');
    const id = await open();
    async function through<Result>(run: (client: Client) => PromiseLike<Result>): Promise<Result> {
      const faulty = await startFaultyFront([server.url], { ...noFaults, answerLost: 1 }, 'lost');
      try {
        const result = run(createPlainClient(faulty.url, await introspect()));
        const settled = Promise.resolve(result);
        await until(() => faulty.faultCount() === 1);
        faulty.heal();
        return await settled;
      } finally {
        await faulty[Symbol.asyncDispose]();
      }
    }
    const balance = async () => (await server.send<Balance>(balanceDocument, { id })).data.account;
    const { data } = await through((client) => client.query(balanceDocument, { id }).toPromise());
    expect(data.account.balance).toBe('0.00');
    const input = { accountId: id, amount: '1.00' };
    const { error } = await through((client) =>
      client.mutation(depositDocument, { input }).toPromise(),
    );
    expect(error?.networkError).toBeDefined();
    await until(async () => (await balance()).balance === '1.00');
    const keyed = { input: { ...input, idempotencyKey: 'a key' } };
    const again = await through((client) => client.mutation(depositDocument, keyed).toPromise());
    expect(again.data.depositCash.account.balance).toBe('2.00');
    expect((await balance()).balance).toBe('2.00');
  });
});

interface Balance {
  readonly account: { readonly balance: string };
}

/** A deposit that this client of urql does not see. */
async function depositElsewhere(accountId: string): Promise<void> {
  await server.send(depositDocument, { input: { accountId, amount: '5.00' } });
}
