import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import relay, {
  type ConcreteRequest,
  type IEnvironment,
  type ReaderFragment,
  type Variables,
} from 'relay-runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient, type DaybookClient } from '../../src/client/client.ts';
import { root } from '../architecture/sources.ts';
import { type FaultyFront, startFaultyFront } from '../support/faulty-front.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';
import { createRecipe, type Recipe } from './recipe.ts';

const { createOperationDescriptor, getSingularSelector } = relay;
const run = promisify(execFile);
const noFaults = { requestLost: 0, answerLost: 0, answerTorn: 0 };

let server: TestServer;
let front: FaultyFront;
let recipe: Recipe;
let daybook: DaybookClient;
let environment: IEnvironment;
let requestLive: RecipeModule['requestLive'];

interface RecipeModule {
  createEnvironment(daybook: DaybookClient): IEnvironment;
  requestLive(
    environment: IEnvironment,
    subscription: ConcreteRequest,
    variables: Variables,
  ): { dispose(): void };
}

beforeAll(async () => {
  server = await createTestServer();
  front = await startFaultyFront([server.url], noFaults, 'none');
  recipe = await createRecipe({
    title: '## Relay',
    packages: ['relay-runtime'],
    copies: ['schema.graphql'],
  });
  await compile();
  const recipeModule = await recipe.load<RecipeModule>('environment.js');
  daybook = createClient({ url: front.url, webSocketImpl: WebSocket });
  environment = recipeModule.createEnvironment(daybook);
  requestLive = recipeModule.requestLive;
});
afterAll(async () => {
  daybook.close();
  await recipe[Symbol.asyncDispose]();
  await front[Symbol.asyncDispose]();
  await server.dispose();
});

const refetchable = ['Account', 'Order', 'Instrument', 'Portfolio', 'OrderBook', 'Position'];

/** Compiles the page's documents, and a refetchable fragment on each of the types. */
async function compile(): Promise<void> {
  const { directory } = recipe;
  const artifacts = path.join(directory, 'artifacts');
  await mkdir(artifacts);
  await writeFile(path.join(artifacts, 'package.json'), '{ "type": "commonjs" }');
  const fragments = [...refetchable, 'Query'].map((type) => {
    const fields = type === 'Query' ? 'log { sequence }' : 'id';
    return `graphql\`fragment refetch${type} on ${type}
      @refetchable(queryName: "refetch${type}Query") { ${fields} }\`;`;
  });
  await writeFile(path.join(directory, 'refetch.js'), fragments.join('\n'));
  const compiler = path.join(root, 'node_modules/relay-compiler/cli.js');
  await run(process.execPath, [compiler, '--noWatchman'], { cwd: directory });
}

async function artifact<Node = ConcreteRequest>(name: string): Promise<Node> {
  const file = `artifacts/${name}.graphql.js`;
  const { default: node } = await recipe.load<{ readonly default: Node }>(file);
  return node;
}

async function query(name: string, variables: Variables): Promise<Record<string, unknown>> {
  const request = await artifact(name);
  return relay.fetchQuery(environment, request, variables).toPromise() as never;
}

interface Deposited {
  readonly __typename: string;
  readonly sequence: string;
  readonly account: { readonly id: string; readonly balance: string };
}

async function deposit(accountId: string, amount: string): Promise<Deposited> {
  const mutation = await artifact('accountDepositMutation');
  const variables = { input: { accountId, amount } };
  return new Promise((resolve, reject) => {
    const onCompleted = ({ depositCash }: { depositCash?: Deposited }) =>
      resolve(depositCash as Deposited);
    relay.commitMutation(environment, {
      mutation,
      variables,
      onCompleted: onCompleted as never,
      onError: reject,
    });
  });
}

async function open(): Promise<string> {
  const document = `mutation Open($input: OpenAccountInput!) {
    openAccount(input: $input) { ... on OpenAccountPayload { account { id } } }
  }`;
  const input = { owner: 'Ada', currency: 'EUR' };
  const { openAccount } = await daybook.mutate<{ openAccount: { account: { id: string } } }>(
    document,
    { input },
  );
  return openAccount.account.id;
}

interface Moments {
  readonly sequence: string;
  readonly now: { readonly id: string; readonly balance: string };
  readonly before: { readonly id: string; readonly balance: string };
}

/** Reads a query, and follows its result in the cache until `end`. */
async function watchMoments(id: string, moment: string) {
  const variables = { id, moment };
  const operation = createOperationDescriptor(await artifact('accountMomentsQuery'), variables);
  const { dispose: release } = environment.retain(operation);
  await query('accountMomentsQuery', variables);
  const snapshot = environment.lookup(operation.fragment);
  let data = snapshot.data as unknown as Moments;
  const { dispose } = environment.subscribe(snapshot, (next) => {
    data = next.data as unknown as Moments;
  });
  const end = () => {
    dispose();
    release();
  };
  return {
    sequence: () => data.sequence,
    now: () => data.now,
    before: () => data.before,
    end,
  };
}

describe('Relay', () => {
  test.each([...refetchable, 'Query'])('compiles @refetchable on %s', async (type) => {
    const fragment = await artifact<ReaderFragment>(`refetch${type}`);
    expect(fragment.metadata?.refetch?.fragmentPathInResult).toEqual(
      type === 'Query' ? [] : ['node'],
    );
  });

  test('shows the payload and the rejection of a mutation', async () => {
    const id = await open();
    expect(await deposit(id, '100.00')).toMatchObject({
      __typename: 'DepositCashPayload',
      account: { id, balance: '100.00' },
    });
    expect(await deposit('00000000-0000-4000-8000-000000000000', '1.00')).toMatchObject({
      __typename: 'AccountNotFoundError',
      code: 'ACCOUNT_NOT_FOUND',
    });
  });

  test('keeps the balances of two moments apart', async () => {
    const id = await open();
    const { sequence } = await deposit(id, '1.00');
    await deposit(id, '2.00');
    const moments = await watchMoments(id, sequence);
    expect(moments.now()).toMatchObject({ id, balance: '3.00' });
    expect(moments.before()).toMatchObject({ id: `${id}@${sequence}`, balance: '1.00' });
    await deposit(id, '4.00');
    await until(() => moments.now().balance === '7.00');
    expect(moments.before().balance).toBe('1.00');
    moments.end();
  });

  test('adds pages to a connection, of now and of a moment', async () => {
    const id = await open();
    await deposit(id, '1.00');
    const { sequence } = await deposit(id, '2.00');
    await deposit(id, '3.00');
    const moments = await watchMoments(id, sequence);
    expect(await readPages(moments.now())).toEqual([2, 4]);
    expect(await readPages(moments.before())).toEqual([2, 3]);
    moments.end();
  });

  test('resumes a subscription after each cut, without loss or repetition', async () => {
    const id = await open();
    const amounts: string[] = [];
    interface Frame {
      readonly events: { readonly event: { readonly amount?: string } | null };
    }
    const { dispose } = relay.requestSubscription(environment, {
      subscription: await artifact('accountEventsSubscription'),
      variables: { after: '0', streamId: `account-${id}` },
      onNext(frame) {
        const amount = (frame as unknown as Frame).events.event?.amount;
        if (amount !== undefined) amounts.push(amount);
      },
    });
    const expected: string[] = [];
    for (let round = 1; round <= 3; round += 1) {
      expected.push(`${round}.00`, `${round}.50`);
      await deposit(id, `${round}.00`);
      await until(() => amounts.length >= 2 * round - 1);
      front.cut();
      await deposit(id, `${round}.50`);
    }
    await until(() => amounts.length >= expected.length);
    expect(amounts).toEqual(expected);
    dispose();
  });

  test('updates a cached query by a live query', async () => {
    const id = await open();
    const moments = await watchMoments(id, daybook.sequence() ?? '');
    const live = requestLive(environment, await artifact('accountLiveSubscription'), { id });
    const document = `mutation Deposit($input: DepositCashInput!) {
      depositCash(input: $input) { __typename }
    }`;
    await server.send(document, { input: { accountId: id, amount: '5.00' } });
    await until(() => moments.now().balance === '5.00');
    expect(moments.before().balance).toBe('0.00');
    expect(moments.sequence()).toBe(daybook.sequence());
    live.dispose();
    moments.end();
  });
});

interface History {
  readonly edges: readonly unknown[];
  readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean };
}

/** Loads all pages of the history; returns how many events the cache had after each. */
async function readPages(account: { readonly id: string }): Promise<number[]> {
  const fragment = await artifact<ReaderFragment>('accountHistory');
  const lengths: number[] = [];
  for (;;) {
    const selector = getSingularSelector(fragment, account);
    if (selector == null) throw new Error('the account has no history');
    const { history } = environment.lookup(selector).data as unknown as { history: History };
    lengths.push(history.edges.length);
    const { hasNextPage, endCursor } = history.pageInfo;
    if (!hasNextPage) return lengths;
    await query('accountHistoryQuery', { id: account.id, count: 2, cursor: endCursor });
  }
}
