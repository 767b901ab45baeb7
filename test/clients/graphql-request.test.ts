import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { runRecipe } from './recipe.ts';
import { createSetting, loseNextAnswer, type Setting } from './setting.ts';

interface Payload {
  readonly depositCash: { readonly sequence: string };
}
interface Recipe {
  readonly socket: { dispose(): void };
  readonly deposit: (accountId: string, amount: string) => Promise<Payload>;
  readonly lookBack: (id: string, asOf: string, sequence: string) => Promise<unknown>;
  readonly allAccounts: () => AsyncIterable<{ readonly id: string }>;
  readonly watchEvents: (
    after: string,
    sink: {
      next: (event: { readonly id: string }) => void;
      error: (error: unknown) => void;
    },
  ) => () => void;
}
const names = ['socket', 'deposit', 'lookBack', 'allAccounts', 'watchEvents'];
const packages = ['graphql-request', 'graphql-ws', 'ws'];

let setting: Setting;
let recipe: Recipe;
beforeAll(async () => {
  setting = await createSetting();
  const title = '## graphql-request';
  recipe = await runRecipe({ title, packages, url: setting.url, names });
});
afterAll(async () => {
  recipe.socket.dispose();
  await setting[Symbol.asyncDispose]();
});
afterEach(() => {
  vi.restoreAllMocks();
});

test('a mutation returns a payload or a typed rejection', async () => {
  const id = await setting.open('Ada');
  expect(await recipe.deposit(id, '3.00')).toMatchObject({
    depositCash: { __typename: 'DepositCashPayload', account: { id, balance: '3.00' } },
  });
  expect(await recipe.deposit(id, '-1.00')).toMatchObject({
    depositCash: { __typename: 'InvalidAmountError', code: 'INVALID_AMOUNT' },
  });
});

test('a query reads an account now and as of a moment', async () => {
  const id = await setting.open('Ben');
  const { depositCash: first } = await recipe.deposit(id, '1.00');
  const { depositCash: second } = await recipe.deposit(id, '1.00');
  expect(await recipe.lookBack(id, first.sequence, second.sequence)).toEqual({
    now: { id, balance: '2.00' },
    before: { id: `${id}@${first.sequence}`, balance: '1.00' },
  });
});

test('pages follow each other by their cursors', async () => {
  for (const owner of ['Cem', 'Dan', 'Eli']) await setting.open(owner);
  const ids: string[] = [];
  for await (const { id } of recipe.allAccounts()) ids.push(id);
  const { data } = await setting.server.send<{
    readonly accounts: { readonly nodes: readonly { readonly id: string }[] };
  }>('{ accounts { nodes { id } } }');
  expect(ids.length).toBeGreaterThan(2);
  expect(ids).toEqual(data.accounts.nodes.map(({ id }) => id));
});

test('a command whose answer was lost is recorded once', async () => {
  const id = await setting.open('Gil');
  const wire = loseNextAnswer();
  const answer = await recipe.deposit(id, '7.00');
  expect(wire.lostCount()).toBe(1);
  expect(answer).toMatchObject({ depositCash: { replayed: true, account: { balance: '7.00' } } });
});

test('a subscription to events resumes after cuts without loss or repetition', async () => {
  const events: { readonly id: string }[] = [];
  const errors: unknown[] = [];
  const leave = recipe.watchEvents('0', {
    next: (event) => events.push(event),
    error: (error) => errors.push(error),
  });
  await setting.expectResumption(() => events);
  expect(errors).toEqual([]);
  leave();
});
