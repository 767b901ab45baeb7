import { afterEach, beforeEach, expect, test } from 'vitest';
import { subscribe } from '../support/live.ts';
import { sql } from '../support/rows.ts';
import { createTestServer, type TestServer } from '../support/server.ts';
import { until } from '../support/until.ts';

interface Status {
  readonly name: string;
  readonly status: string;
  readonly checkpoint: string;
  readonly progress: number | null;
  readonly error: string | null;
  readonly keptUntil: string | null;
}

const fields = 'name version status checkpoint lagEvents lagSeconds progress error keptUntil';

let server: TestServer;
beforeEach(async () => {
  server = await createTestServer();
});
afterEach(() => server.dispose());

async function statusOf(name: string): Promise<Status | undefined> {
  const { data } = await server.send<{ viewStatus: readonly Status[] }>(
    `{ viewStatus { ${fields} } }`,
  );
  return data.viewStatus.find((view) => view.name === name);
}

async function rebuild(name: string): Promise<unknown> {
  const { data } = await server.send<{ rebuildView: unknown }>(
    `mutation($name: String!) { rebuildView(input: { name: $name }) {
      __typename
      ... on RebuildViewPayload { view { name status } }
      ... on Error { code message }
      ... on ViewNotFoundError { name } } }`,
    { name },
  );
  return data.rebuildView;
}

async function open(owner: string): Promise<void> {
  await server.send(
    'mutation($owner: String!) { openAccount(input: { owner: $owner, currency: "EUR" }) { __typename } }',
    { owner },
  );
}

test('every view is listed with its status, and its lag is 0 once it is up to date', async () => {
  await open('Ada');
  await until(async () => (await statusOf('accounts'))?.checkpoint === '1');
  expect(await statusOf('accounts')).toEqual({
    name: 'accounts',
    version: expect.any(Number),
    status: 'LIVE',
    checkpoint: '1',
    lagEvents: 0,
    lagSeconds: 0,
    progress: null,
    error: null,
    keptUntil: null,
  });
});

test('a view that cannot advance lags by events and by seconds', async () => {
  await open('Ada');
  await until(async () => (await statusOf('accounts'))?.checkpoint === '1');
  await server.database.withTransaction(async (executor) => {
    await sql(executor, 'lock table view_documents in exclusive mode');
    await open('Bob');
    await until(async () => {
      const status = await statusOf('accounts');
      return JSON.stringify(status).includes('"lagEvents":1');
    });
    expect(await statusOf('accounts')).toMatchObject({ lagSeconds: expect.any(Number) });
    expect((await statusOf('accounts')) ?? {}).not.toMatchObject({ lagSeconds: 0 });
  });
});

test('a rebuild begins, shows in the status, and leaves what it replaced for a day', async () => {
  await open('Ada');
  await until(async () => (await statusOf('accounts'))?.checkpoint === '1');
  expect(await rebuild('accounts')).toMatchObject({
    __typename: 'RebuildViewPayload',
    view: { name: 'accounts' },
  });
  await until(async () => (await statusOf('accounts'))?.keptUntil !== null);
  expect(await statusOf('accounts')).toMatchObject({ status: 'LIVE', error: null });
  const hours = (Date.parse((await statusOf('accounts'))?.keptUntil ?? '') - Date.now()) / 3.6e6;
  expect(hours).toBeGreaterThan(23.9);
  await open('Bob');
  await until(async () => (await statusOf('accounts'))?.checkpoint === '2');
});

test('while a copy is built, the view is REBUILDING; a second rebuild is refused', async () => {
  await open('Ada');
  await until(async () => (await statusOf('accounts'))?.checkpoint === '1');
  await server.database.withTransaction(async (executor) => {
    await sql(executor, 'lock table view_documents in exclusive mode');
    await rebuild('accounts');
    expect(await statusOf('accounts')).toMatchObject({ status: 'REBUILDING', progress: 0 });
    expect(await rebuild('accounts')).toMatchObject({
      __typename: 'ViewBeingRebuiltError',
      code: 'VIEW_BEING_REBUILT',
    });
  });
  await until(async () => (await statusOf('accounts'))?.keptUntil !== null);
});

test('why a copy was not swapped in is the error of the view, which stays live', async () => {
  await open('Ada');
  await until(async () => (await statusOf('accounts'))?.checkpoint === '1');
  await sql(
    server.database,
    `update view_documents set document = replace(document::text, 'Ada', 'Eve')::json
     where view_id = (select id from views where name = 'accounts')`,
  );
  await rebuild('accounts');
  await until(async () => (await statusOf('accounts'))?.error !== null);
  expect(await statusOf('accounts')).toMatchObject({
    status: 'LIVE',
    error: expect.stringMatching(
      /^the last rebuild failed: the copy differs from the live view between sequences 1 and 1, /,
    ),
  });
});

test('a name that no view has is rejected', async () => {
  expect(await rebuild('nothing')).toEqual({
    __typename: 'ViewNotFoundError',
    code: 'VIEW_NOT_FOUND',
    message: 'there is no view nothing: Query.viewStatus lists the views',
    name: 'nothing',
  });
});

test('a subscription sends the status at once, then when it has changed', async () => {
  await open('Ada');
  await until(async () => (await statusOf('accounts'))?.checkpoint === '1');
  type Frame = { readonly viewStatus: { sequence: string; views: readonly Status[] } };
  const text = `subscription { viewStatus { sequence views { ${fields} } } }`;
  const [one, other] = [subscribe<Frame>(server.url, text), subscribe<Frame>(server.url, text)];
  await Promise.all([one, other].map((each) => each.until((frames) => frames.length === 1)));
  expect(one.frames[0]?.viewStatus).toMatchObject({ sequence: '1' });
  await rebuild('accounts');
  const isKept = ({ viewStatus }: Frame): boolean =>
    viewStatus.views.some(({ name, keptUntil }) => name === 'accounts' && keptUntil !== null);
  await Promise.all([one, other].map((each) => each.until((frames) => frames.some(isKept))));
  const texts = one.frames.map((frame) => JSON.stringify(frame));
  expect(texts.every((frame, index) => frame !== texts[index - 1])).toBe(true);
  await open('Bob');
  await one.until((frames) => frames.at(-1)?.viewStatus.sequence === '2');
  await Promise.all([one.cut(), other.cut()]);
});

test('a live query cannot watch the status', async () => {
  const live = subscribe<object>(server.url, 'subscription { live { viewStatus { name } } }');
  await expect(live.until(() => false)).rejects.toMatchObject([
    { message: expect.stringContaining('live cannot watch viewStatus') },
  ]);
  await live.cut();
});
