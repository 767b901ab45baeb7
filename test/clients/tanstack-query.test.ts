import type {
  InfiniteData,
  InfiniteQueryObserver,
  MutationObserver,
  QueryClient,
  QueryObserver,
} from '@tanstack/query-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { DaybookClient } from '../../src/client/client.ts';
import { until } from '../support/until.ts';
import { runRecipe } from './recipe.ts';
import { createSetting, loseNextAnswer, type Setting } from './setting.ts';

interface Page {
  readonly accounts: { readonly nodes: readonly { readonly id: string }[] };
}
interface Recipe {
  readonly daybook: DaybookClient;
  readonly queries: QueryClient;
  readonly watchQuery: (id: string, asOf?: string) => QueryObserver;
  readonly deposit: MutationObserver<unknown, Error, Readonly<Record<string, string>>>;
  readonly list: InfiniteQueryObserver<Page, Error, InfiniteData<Page>>;
  readonly watchAccount: (id: string) => () => void;
  readonly watchEvents: (after: string) => () => void;
}
const names = [
  ...['daybook', 'queries', 'watchQuery', 'deposit', 'list', 'watchAccount', 'watchEvents'],
];
const packages = ['@tanstack/query-core', 'ws'];

let setting: Setting;
let recipe: Recipe;
beforeAll(async () => {
  setting = await createSetting();
  const title = '## TanStack Query';
  recipe = await runRecipe({ title, packages, url: setting.url, names });
});
afterAll(async () => {
  recipe.daybook.close();
  recipe.queries.clear();
  await setting[Symbol.asyncDispose]();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Reads with an observer, as a component does; its last data. */
function observe(id: string, asOf?: string) {
  const observer = recipe.watchQuery(id, asOf);
  const stop = observer.subscribe(() => {});
  return { data: () => observer.getCurrentResult().data, stop };
}

test('a mutation returns a payload or a typed rejection, and the query is read again', async () => {
  const accountId = await setting.open('Ada');
  const shown = observe(accountId);
  await until(() => shown.data() !== undefined);
  expect(shown.data()).toEqual({ account: { id: accountId, balance: '0.00' } });
  const accepted = await recipe.deposit.mutate({ accountId, amount: '100.00' });
  expect(accepted).toMatchObject({ depositCash: { account: { balance: '100.00' } } });
  expect(shown.data()).toEqual({ account: { id: accountId, balance: '100.00' } });
  expect(await recipe.deposit.mutate({ accountId, amount: '-1.00' })).toMatchObject({
    depositCash: { __typename: 'InvalidAmountError', code: 'INVALID_AMOUNT' },
  });
  shown.stop();
});

test('a query of the past does not overwrite what is shown of the present', async () => {
  const accountId = await setting.open('Ben');
  const sequence = await head();
  await setting.deposit(accountId, '2.00');
  const [now, before] = [observe(accountId), observe(accountId, sequence)];
  await until(() => now.data() !== undefined && before.data() !== undefined);
  expect(now.data()).toMatchObject({ account: { id: accountId, balance: '2.00' } });
  expect(before.data()).toEqual({
    account: { id: `${accountId}@${sequence}`, balance: '0.00' },
  });
  now.stop();
  before.stop();
});

async function head(): Promise<string> {
  const { data } = await setting.server.send<{ readonly log: { readonly sequence: string } }>(
    '{ log { sequence } }',
  );
  return data.log.sequence;
}

test('fetchNextPage reads all pages', async () => {
  for (const owner of ['Cem', 'Dan', 'Eli']) await setting.open(owner);
  const stop = recipe.list.subscribe(() => {});
  const { list } = recipe;
  await until(() => list.getCurrentResult().data !== undefined);
  while (list.getCurrentResult().hasNextPage) await list.fetchNextPage();
  const pages = list.getCurrentResult().data?.pages ?? [];
  const { data } = await setting.server.send<Page>('{ accounts { nodes { id } } }');
  expect(pages.length).toBeGreaterThan(1);
  expect(pages.flatMap(({ accounts }) => accounts.nodes.map(({ id }) => id))).toEqual(
    data.accounts.nodes.map(({ id }) => id),
  );
  stop();
});

test('frames of a live query update the query', async () => {
  const accountId = await setting.open('Fay');
  const shown = observe(accountId);
  const leave = recipe.watchAccount(accountId);
  await until(() => shown.data() !== undefined);
  await setting.deposit(accountId, '5.00');
  const expected = { account: { id: accountId, balance: '5.00' } };
  await until(() => JSON.stringify(shown.data()) === JSON.stringify(expected));
  leave();
  shown.stop();
});

test('a subscription to events resumes after cuts without loss or repetition', async () => {
  const leave = recipe.watchEvents('0');
  const events = () => recipe.queries.getQueryData<readonly { readonly id: string }[]>(['events']);
  await setting.expectResumption(() => events() ?? []);
  leave();
});

test('a command whose answer was lost is recorded once', async () => {
  const accountId = await setting.open('Gil');
  const wire = loseNextAnswer();
  const answer = await recipe.deposit.mutate({ accountId, amount: '7.00' });
  expect(wire.lostCount()).toBe(1);
  expect(answer).toMatchObject({ depositCash: { account: { balance: '7.00' } } });
});
