import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseEncoding } from '../../../src/api/transport/compression.ts';
import { rawAnswer } from './raw-answer.ts';
import { startServer, type TestServer } from './test-server.ts';

let tested: TestServer;
beforeAll(async () => {
  tested = await startServer();
});
afterAll(() => tested[Symbol.asyncDispose]());

/** A query with an answer of about `length` bytes. */
function greeting(length: number): object {
  const query = 'query Q($name: String) { hello(name: $name) }';
  return { query, variables: { name: 'x'.repeat(length) } };
}

function ask(body: object, encoding: string) {
  return rawAnswer(tested.url, { body, headers: { 'accept-encoding': encoding } });
}

describe('an answer of more than 1 KiB', () => {
  it('is compressed as the caller prefers', async () => {
    const plain = await rawAnswer(tested.url, { body: greeting(5_000) });
    expect(plain.headers).not.toHaveProperty('content-encoding');
    expect(plain.headers['vary']).toBe('Accept-Encoding');
    const br = await ask(greeting(5_000), 'gzip, deflate, br');
    expect(br.headers).toMatchObject({ 'content-encoding': 'br', vary: 'Accept-Encoding' });
    expect(br.headers['content-length']).toBe(String(br.body.length));
    expect(br.body.length).toBeLessThan(500);
    expect(brotliDecompressSync(br.body)).toEqual(plain.body);
    const gzip = await ask(greeting(5_000), 'gzip;q=1.0, br;q=0.5');
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.body)).toEqual(plain.body);
    const refused = await ask(greeting(5_000), 'br;q=0, gzip;q=0');
    expect(refused.body).toEqual(plain.body);
  });

  it('is compressed if it is an error, a schema or a page', async () => {
    const introspection = await ask({ query: getIntrospectionQuery() }, 'br');
    expect(introspection.headers['content-encoding']).toBe('br');
    const unknown = [1, 2, 3, 4, 5].map((number) => `nothing${number}${'x'.repeat(300)}`);
    const error = await ask({ query: `{ ${unknown.join(' ')} }` }, 'gzip');
    expect(gunzipSync(error.body).toString()).toContain('nothing');
    const headers = { accept: 'text/html', 'accept-encoding': 'br' };
    await using own = await startServer({ renderGraphiQL: () => '<p>page</p>'.repeat(1_000) });
    for (let time = 0; time < 2; time += 1) {
      const page = await rawAnswer(own.url, { headers });
      expect(page.headers).toMatchObject({ 'content-encoding': 'br' });
      expect(brotliDecompressSync(page.body).toString()).toContain('<p>page</p>');
    }
  });

  it('is complete, compressed or not, when many are asked for at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => ask(greeting(50_000), 'br')),
    );
    for (const { headers, body } of answers) {
      const isPlain = headers['content-encoding'] === undefined;
      const text = isPlain ? body : brotliDecompressSync(body);
      expect(JSON.parse(text.toString())).toMatchObject({
        data: { hello: `Hello ${'x'.repeat(50_000)}` },
      });
    }
    const again = await ask(greeting(50_000), 'br');
    expect(again.headers['content-encoding']).toBe('br');
  });
});

it('a small answer and an event stream are sent as they are', async () => {
  const small = await ask(greeting(10), 'br, gzip');
  expect(small.headers).not.toHaveProperty('content-encoding');
  const stream = await rawAnswer(tested.url, {
    body: { query: 'subscription { ticks(size: 5000, count: 2) }' },
    headers: { accept: 'text/event-stream', 'accept-encoding': 'br, gzip' },
  });
  expect(stream.headers).not.toHaveProperty('content-encoding');
  expect(stream.body.toString()).toContain('event: complete');
});

it('the weights of Accept-Encoding decide', () => {
  const cases: readonly (readonly [string | undefined, string | null])[] = [
    [undefined, null],
    ['', null],
    ['deflate', null],
    ['gzip', 'gzip'],
    ['GZIP ; Q=0.3', 'gzip'],
    ['gzip, br', 'br'],
    ['br;q=0.2, gzip;q=0.8', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0', null],
    ['identity, gzip;q=0.5', null],
    ['gzip;q=nonsense', null],
  ];
  for (const [header, encoding] of cases) expect(chooseEncoding(header), header).toBe(encoding);
});
