import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { rawAnswer } from './raw-answer.ts';
import { startServer, type TestServer } from './test-server.ts';

const listed = 'https://app.example';
const authentication = { jwt: { secret: 'x'.repeat(32) } };

/** Whether a browser lets a page of the origin send a request and read its answer. */
async function isAllowedOverHttp(url: string, headers: Record<string, string>): Promise<boolean> {
  const asked = { 'access-control-request-headers': 'content-type', ...headers };
  const preflight = await rawAnswer(url, { method: 'OPTIONS', headers: asked });
  const answer = await rawAnswer(url, { body: { query: '{ hello }' }, headers });
  const { origin } = headers;
  if (answer.headers['access-control-allow-origin'] !== origin) return false;
  return preflight.headers['access-control-allow-origin'] === origin;
}

function isAllowedOverWebSocket(url: string, headers: Record<string, string>): Promise<boolean> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('open', () => {
      resolve(true);
      socket.terminate();
    });
  });
}

describe.each([
  ['without authentication', null],
  ['with tokens', authentication],
])('a page in a browser, %s', (_name, setting) => {
  let tested: TestServer;
  beforeAll(async () => {
    tested = await startServer({ authentication: setting, corsOrigins: [listed] });
  });
  afterAll(() => tested[Symbol.asyncDispose]());

  it.each([
    ['http://localhost:5173', true],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000', true],
    [listed, true],
    ['https://evil.example', false],
    ['https://app.example.evil.example', false],
    ['http://app.example', false],
    ['null', false],
  ])('of the origin %s: %s over HTTP and over WebSocket', async (origin, isAllowed) => {
    expect(await isAllowedOverHttp(tested.url, { origin })).toBe(isAllowed);
    expect(await isAllowedOverWebSocket(tested.url, { origin })).toBe(isAllowed);
  });
});

it("the server's own page may open a WebSocket, behind a proxy that changes Host too", async () => {
  await using tested = await startServer({ authentication });
  const origin = 'https://bank.example';
  const same = [{ host: 'bank.example' }, { 'sec-fetch-site': 'same-origin' }];
  for (const more of same) {
    expect(await isAllowedOverWebSocket(tested.url, { origin, ...more })).toBe(true);
  }
  const more = { 'sec-fetch-site': 'cross-site' };
  expect(await isAllowedOverWebSocket(tested.url, { origin, ...more })).toBe(false);
  expect(await isAllowedOverWebSocket(tested.url, {})).toBe(true);
});

it('a page may send the headers that it asks for, and read those that it needs', async () => {
  await using tested = await startServer({ authentication, corsOrigins: [listed] });
  const requested = 'apollo-require-preflight,x-trace-id';
  const preflight = await rawAnswer(tested.url, {
    method: 'OPTIONS',
    headers: { origin: listed, 'access-control-request-headers': requested },
  });
  expect(preflight).toMatchObject({
    status: 204,
    headers: {
      'access-control-allow-origin': listed,
      'access-control-allow-headers': requested,
      'access-control-allow-methods': 'GET, POST',
      'access-control-max-age': '7200',
      vary: 'Origin, Access-Control-Request-Headers',
    },
  });
  const refused = await rawAnswer(tested.url, { body: {}, headers: { origin: listed } });
  expect(refused.status).toBe(401);
  expect(refused.headers['access-control-allow-origin']).toBe(listed);
  for (const name of ['etag', 'retry-after', 'www-authenticate']) {
    expect(refused.headers['access-control-expose-headers']).toContain(name);
  }
  const foreign = await rawAnswer(tested.url, {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-headers': requested },
  });
  expect(foreign.headers).not.toHaveProperty('access-control-allow-headers');
  expect(foreign.headers['vary']).toBe('Origin');
});
