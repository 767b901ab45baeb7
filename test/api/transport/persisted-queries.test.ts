import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPersistedQueries } from '../../../src/api/transport/persisted-queries.ts';
import { startServer, type TestServer } from './test-server.ts';

let tested: TestServer;
beforeAll(async () => {
  tested = await startServer();
});
afterAll(() => tested[Symbol.asyncDispose]());

function extensionsFor(query: string) {
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  return { persistedQuery: { version: 1, sha256Hash } };
}

async function post(body: object, accept = 'application/json') {
  const response = await fetch(tested.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: (await response.json()) as unknown,
  };
}

const notFound = {
  errors: [
    { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
  ],
};

describe('a persisted query', () => {
  it('is sent as a hash once the server has its text', async () => {
    const query = 'query Q($name: String) { hello(name: $name) }';
    const extensions = extensionsFor(query);
    const variables = { name: 'Ada' };
    for (const type of ['application/json', 'application/graphql-response+json']) {
      expect(await post({ extensions, variables }, type)).toEqual({
        status: 200,
        type: `${type}; charset=utf-8`,
        body: notFound,
      });
    }
    const answer = await post({ query, extensions, variables });
    expect(answer).toMatchObject({ status: 200, body: { data: { hello: expect.anything() } } });
    expect(await post({ extensions, variables })).toEqual(answer);
    expect(await post({ query: '', extensions, variables })).toEqual(answer);
    const search = new URLSearchParams({
      extensions: JSON.stringify(extensions),
      variables: JSON.stringify(variables),
    });
    const byGet = await fetch(`${tested.url}?${search}`, {
      headers: { accept: 'application/json' },
    });
    expect(await byGet.json()).toEqual(answer.body);
  });

  it('may be a subscription over server-sent events, and no mutation by GET', async () => {
    const subscription = 'subscription { ticks(count: 1) }';
    const extensions = extensionsFor(subscription);
    await post({ query: subscription, extensions });
    const response = await fetch(tested.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ extensions }),
    });
    expect(await response.text()).toContain('event: next');
    const mutation = 'mutation { touch }';
    await post({ query: mutation, extensions: extensionsFor(mutation) });
    const search = new URLSearchParams({ extensions: JSON.stringify(extensionsFor(mutation)) });
    expect((await fetch(`${tested.url}?${search}`)).status).toBe(405);
  });

  it('may have variables of any depth, as with its text', async () => {
    const query = 'query Q($amount: Decimal) { echo(amount: $amount) }';
    const extensions = extensionsFor(query);
    await post({ query, extensions });
    const amount = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const answers = ['', `"query":${JSON.stringify(query)},`].map(async (text) => {
      const response = await fetch(tested.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{${text}"extensions":${JSON.stringify(extensions)},"variables":{"amount":${amount}}}`,
      });
      return [response.status, await response.json()] as const;
    });
    const [byHash, byText] = await Promise.all(answers);
    expect(byHash).toEqual(byText);
    expect(byHash?.[1]).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it('is refused if the hash is that of another text, which is not kept', async () => {
    const query = '{ hello(name: "other") }';
    const extensions = extensionsFor(query);
    expect(await post({ query: '{ hello }', extensions })).toMatchObject({
      status: 400,
      body: { errors: [{ message: 'sha256Hash is not the hash of the query' }] },
    });
    expect((await post({ extensions })).body).toEqual(notFound);
  });

  it('is looked for only if the extension has version 1 and a hash', async () => {
    for (const persistedQuery of [{}, { version: 2, sha256Hash: 'x' }, { version: 1 }, null, 5]) {
      const body = { query: '{ hello }', extensions: { persistedQuery } };
      expect((await post(body)).status).toBe(200);
      expect((await post({ extensions: { persistedQuery } })).status).toBe(400);
    }
  });
});

it('the texts of persisted queries are kept up to a total length', () => {
  const store = createPersistedQueries();
  const query = (index: number) => `{ hello(name: "${index} ${'x'.repeat(10_000)}") }`;
  const request = (body: object) => ({ method: 'POST', url: '/', body: JSON.stringify(body) });
  for (let index = 0; index < 100; index += 1) {
    const text = query(index);
    store.resolve(request({ query: text, extensions: extensionsFor(text) }));
  }
  const kept = Array.from({ length: 100 }, (_, index) =>
    store.resolve(request({ extensions: extensionsFor(query(index)) })),
  ).map((found) => !(found instanceof GraphQLError));
  expect(kept.slice(0, 40)).not.toContain(true);
  expect(kept.slice(60)).not.toContain(false);
});
