import { type ApolloClient, gql, type ObservableQuery } from '@apollo/client';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { DaybookClient } from '../../src/client/client.ts';
import { until } from '../support/until.ts';
import { runRecipe } from './recipe.ts';
import { createSetting, loseNextAnswer, type Setting } from './setting.ts';

/** The core of version 3 is a part of the package that needs no React. */
const versions = [
  { version: '4', core: '@apollo/client', replace: {} },
  {
    version: '3',
    core: 'apollo-client-3',
    replace: {
      "'@apollo/client'": "'apollo-client-3/core'",
      "'@apollo/client/": "'apollo-client-3/",
    },
  },
];

interface Account {
  readonly id: string;
  readonly owner?: string;
  readonly balance: string;
}
interface Read<Data> {
  subscribe(next: (result: { readonly data?: Data }) => void): { unsubscribe(): void };
}
type Page = { readonly accounts: Connection };
interface Connection {
  readonly edges: readonly { readonly node: Account }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}
interface EventFrame {
  readonly events: { readonly sequence: string; readonly event: { readonly id: string } | null };
}

interface Recipe {
  readonly apollo: ApolloClient;
  readonly daybook: DaybookClient;
  readonly account: Account;
  readonly opened: { readonly data: unknown };
  readonly deposited: { readonly data: unknown };
  readonly depositCash: ReturnType<typeof gql>;
  readonly lookBack: ReturnType<typeof gql>;
  readonly sequence: string;
  readonly twice: { readonly data: unknown };
  readonly list: ObservableQuery<Page>;
  readonly fetchNextPage: (after: string) => Promise<unknown>;
  readonly watchAccount: (id: string) => Read<unknown>;
  readonly watchEvents: (after: string) => Read<EventFrame>;
}
const names = [
  ...['apollo', 'daybook', 'account', 'opened', 'deposited', 'depositCash', 'lookBack'],
  ...['sequence', 'twice', 'list', 'fetchNextPage', 'watchAccount', 'watchEvents'],
];
const copies = ['possible-types.json'];

const readBalance = gql`query Balance($id: ID!, $asOf: Moment) {
  account(id: $id, asOf: $asOf) { id balance }
}`;

let setting: Setting;
beforeAll(async () => {
  setting = await createSetting();
});
afterAll(() => setting[Symbol.asyncDispose]());
afterEach(() => {
  vi.restoreAllMocks();
});

/** Reads an event by a fragment on the interface, from the server and from the cache. */
async function expectFragmentToMatch(apollo: ApolloClient): Promise<void> {
  await setting.open('Jan');
  const query = gql`query First { event(sequence: "1") { id ... on Event { type } } }`;
  const { data } = await apollo.query({ query });
  expect(data).toMatchObject({ event: { type: 'AccountOpened' } });
  expect(apollo.readQuery({ query })).toEqual(data);
}

/** What an observable has sent so far. */
function collect<Data>(observable: Read<Data>) {
  const sent: Data[] = [];
  const subscription = observable.subscribe(({ data }) => {
    if (data !== undefined) sent.push(data);
  });
  return { sent, stop: () => subscription.unsubscribe() };
}

describe.each(versions)('Apollo Client $version with daybook/client', (tested) => {
  const { version, core, replace } = tested;
  let recipe: Recipe;
  beforeAll(async () => {
    const title = '## Apollo Client';
    const packages = [core, 'graphql', 'ws'];
    recipe = await runRecipe({ title, packages, copies, url: setting.url, names, replace });
  });
  afterAll(() => {
    recipe.apollo.stop();
    recipe.daybook.close();
  });

  test('is the version', () => {
    expect(recipe.apollo.version).toMatch(new RegExp(`^${version}\\.`));
  });

  test('mutations return a payload or a typed rejection', async () => {
    const { account, opened, deposited, apollo, depositCash } = recipe;
    expect(opened.data).toMatchObject({
      openAccount: { account: { id: account.id, owner: 'Ada', balance: '0.00' } },
    });
    expect(deposited.data).toMatchObject({
      depositCash: { account: { id: account.id, balance: '100.00' } },
    });
    const variables = { input: { accountId: account.id, amount: '-1.00' } };
    const rejected = await apollo.mutate({ mutation: depositCash, variables });
    expect(rejected.data).toMatchObject({ depositCash: { code: 'INVALID_AMOUNT' } });
    expect(rejected.error).toBeUndefined();
  });

  test('a fragment on an interface matches', () => expectFragmentToMatch(recipe.apollo));

  test('the cache keeps an account now and as of a moment apart', async () => {
    const { account, twice, apollo, lookBack, sequence } = recipe;
    const balances = { now: { balance: '100.00' }, before: { balance: '0.00' } };
    expect(twice.data).toMatchObject(balances);
    const variables = { id: account.id, asOf: sequence };
    expect(apollo.readQuery({ query: lookBack, variables })).toMatchObject(balances);
  });

  test('a query of the past does not overwrite the present', async () => {
    const { account, apollo, sequence } = recipe;
    const shown = collect<unknown>(
      apollo.watchQuery({ query: readBalance, variables: { id: account.id } }) as Read<unknown>,
    );
    await until(() => shown.sent.length > 0);
    const past = { query: readBalance, variables: { id: account.id, asOf: sequence } };
    const { data } = await apollo.query({ ...past, fetchPolicy: 'network-only' });
    expect(data).toMatchObject({ account: { balance: '0.00' } });
    expect(shown.sent.at(-1)).toMatchObject({ account: { balance: '100.00' } });
    const variables = { id: account.id };
    expect(apollo.readQuery({ query: readBalance, variables })).toMatchObject({
      account: { balance: '100.00' },
    });
    shown.stop();
  });

  test('fetchMore reads page after page into one list', async () => {
    for (const owner of ['Ben', 'Cem', 'Dan']) await setting.open(owner);
    const shown = collect<Page>(recipe.list as Read<Page>);
    await until(() => shown.sent.length > 0);
    const { accounts: first } = shown.sent.at(-1) as Page;
    expect(first.edges.length).toBe(2);
    const last = () => (shown.sent.at(-1) as Page).accounts;
    while (last().pageInfo.hasNextPage) {
      const { length } = last().edges;
      await recipe.fetchNextPage(last().pageInfo.endCursor);
      await until(() => last().edges.length > length);
    }
    const { data } = await setting.server.send<{
      readonly accounts: { readonly nodes: readonly { readonly id: string }[] };
    }>('{ accounts { nodes { id } } }');
    const ids = data.accounts.nodes.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(3);
    expect(last().edges.map(({ node }) => node.id)).toEqual(ids);
    shown.stop();
  });

  test('live frames update queries of the same object', async () => {
    const { account, apollo, watchAccount } = recipe;
    const variables = { id: account.id };
    const shown = collect<unknown>(
      apollo.watchQuery({ query: readBalance, variables }) as Read<unknown>,
    );
    const frames = collect(watchAccount(account.id));
    await until(() => frames.sent.length > 0 && shown.sent.length > 0);
    const fetched = vi.spyOn(globalThis, 'fetch');
    await setting.deposit(account.id, '5.00');
    await until(() => JSON.stringify(shown.sent.at(-1)).includes('105.00'));
    // The deposit, but no query.
    expect(fetched).toHaveBeenCalledTimes(1);
    frames.stop();
    shown.stop();
  });

  test('live frames update lists and fields without an id', async () => {
    const { apollo } = recipe;
    const fields = 'log { sequence } accounts(last: 1) { edges { node { id owner } } }';
    const shown = collect<unknown>(
      apollo.watchQuery({ query: gql`query Shown { ${fields} }` }) as Read<unknown>,
    );
    const frames = collect(
      apollo.subscribe({ query: gql`subscription Live { live { ${fields} } }` }) as Read<unknown>,
    );
    await until(() => frames.sent.length > 0 && shown.sent.length > 0);
    const owner = `Fay ${version}`;
    const fetched = vi.spyOn(globalThis, 'fetch');
    await setting.open(owner);
    await until(() => JSON.stringify(shown.sent.at(-1)).includes(owner));
    expect(fetched).toHaveBeenCalledTimes(1);
    const { live } = frames.sent.at(-1) as { readonly live: object };
    expect({ __typename: 'Query', ...(shown.sent.at(-1) as object) }).toEqual(live);
    frames.stop();
    shown.stop();
  });

  test('events resume after cuts without loss or repetition', async () => {
    const ids: { readonly id: string }[] = [];
    const subscription = recipe.watchEvents('0').subscribe(({ data }) => {
      const event = data?.events.event;
      if (event) ids.push(event);
    });
    await setting.expectResumption(() => ids);
    subscription.unsubscribe();
  });

  test('a command whose answer was lost is recorded once', async () => {
    const { apollo, depositCash } = recipe;
    const accountId = await setting.open('Gil');
    const wire = loseNextAnswer();
    const variables = { input: { accountId, amount: '7.00' } };
    const { data } = await apollo.mutate({ mutation: depositCash, variables });
    expect(wire.lostCount()).toBe(1);
    expect(data).toMatchObject({ depositCash: { account: { balance: '7.00' } } });
  });

  test('an error of a field is an error of the result', async () => {
    const query = gql`query Future { log(asOf: "1000000") { sequence } }`;
    const { data, ...failed } = await recipe.apollo.query({ query, errorPolicy: 'all' });
    expect(data).toEqual({ log: null });
    expect(JSON.stringify(failed)).toContain('BAD_USER_INPUT');
  });
});

interface OwnLinks {
  readonly apollo: ApolloClient;
  readonly socket: { dispose(): void };
  readonly watchEvents: (after: string) => Read<EventFrame>;
  readonly deposit: (accountId: string) => Promise<{ readonly data?: unknown }>;
}

describe.each(versions)("Apollo Client $version with Apollo's own links", ({ core, replace }) => {
  let recipe: OwnLinks;
  beforeAll(async () => {
    const title = "### Apollo's own links";
    const packages = [core, 'graphql', 'graphql-ws', 'ws'];
    const own = ['apollo', 'socket', 'watchEvents', 'deposit'];
    recipe = await runRecipe({ title, packages, copies, url: setting.url, names: own, replace });
  });
  afterAll(() => {
    recipe.apollo.stop();
    recipe.socket.dispose();
  });

  test('events resume after cuts without loss or repetition', async () => {
    const ids: { readonly id: string }[] = [];
    const subscription = recipe.watchEvents('0').subscribe(({ data }) => {
      const event = data?.events.event;
      if (event) ids.push(event);
    });
    await setting.expectResumption(() => ids);
    subscription.unsubscribe();
  });

  test('a command whose answer was lost is recorded once', async () => {
    const accountId = await setting.open('Hal');
    // The server may not know the hash of the document yet, so that the first answer is an error.
    await recipe.apollo.query({ query: readBalance, variables: { id: accountId } });
    const wire = loseNextAnswer();
    const { data } = await recipe.deposit(accountId);
    expect(wire.lostCount()).toBe(1);
    expect(data).toMatchObject({ depositCash: { account: { balance: '100.00' } } });
    expect(await recipe.deposit(accountId)).toMatchObject({
      data: { depositCash: { replayed: true, account: { balance: '100.00' } } },
    });
  });

  test('a fragment on an interface matches', () => expectFragmentToMatch(recipe.apollo));

  test('persisted queries are sent in full only once', async () => {
    const name = `Q${crypto.randomUUID().replaceAll('-', '')}`;
    const query = gql`query ${name}($id: ID!) { account(id: $id) { id balance } }`;
    const id = await setting.open('Ivy');
    const fetched = vi.spyOn(globalThis, 'fetch');
    const sent = () => fetched.mock.calls.map(([, init]) => JSON.parse(String(init?.body)));
    for (let time = 0; time < 2; time += 1) {
      const { data } = await recipe.apollo.query({
        query,
        variables: { id },
        fetchPolicy: 'network-only',
      });
      expect(data).toMatchObject({ account: { balance: '0.00' } });
    }
    expect(sent().map((body) => 'query' in body)).toEqual([false, true, false]);
  });
});
