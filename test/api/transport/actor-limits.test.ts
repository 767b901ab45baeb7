import { createHash } from 'node:crypto';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import {
  type ActorLimits,
  defaultActorLimits,
  type RoleLimits,
} from '../../../src/api/transport/actor-limits.ts';
import { issueToken } from '../../../src/api/transport/token.ts';
import { parseTrustedDocuments } from '../../../src/api/transport/trusted-documents.ts';
import type { Role } from '../../../src/kernel/role.ts';
import { delay } from '../../../src/lib/delay.ts';
import { until } from '../../support/until.ts';
import { startServer, type TestServer } from './test-server.ts';
import { openSocket, type TestSocket } from './test-socket.ts';

const jwt = { secret: 'a secret of at least 32 characters' };

/** Limits of customers: those that are given, and no others. */
function limits(customer: Partial<RoleLimits>): ActorLimits {
  const { byRole } = defaultActorLimits;
  return { byRole: { ...byRole, CUSTOMER: { ...byRole.AUDITOR, ...customer } }, burstSeconds: 10 };
}

/** Ten commands, and one more after 10 s. */
const tenCommands = limits({ commandsPerSecond: 1 });
/** The cost of ten operations with one field, and one field more after 2 s. */
const tenQueries = limits({ costPerSecond: 51 });

async function bearer(actor: string, roles: readonly Role[] = ['CUSTOMER']) {
  const token = await issueToken({ jwt }, { actor, roles, hours: 1 });
  return { authorization: `Bearer ${token}` };
}

function start(actorLimits: ActorLimits, more: Parameters<typeof startServer>[0] = {}) {
  return startServer({ authentication: { jwt }, actorLimits, ...more });
}

interface Sent {
  readonly actor?: string;
  readonly roles?: readonly Role[];
  readonly accept?: string;
}

async function send({ url }: TestServer, body: object | string, options: Sent = {}) {
  const { actor = 'ada', roles, accept = 'application/graphql-response+json' } = options;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...(await bearer(actor, roles)) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { response, text: await response.text() };
}

const codeIn = (text: string) => JSON.parse(text).errors?.[0].extensions.code ?? 'OK';

/** The codes of the answers to the same request, sent one after the other. */
async function repeat(times: number, work: () => Promise<{ text: string }>): Promise<string[]> {
  const codes: string[] = [];
  for (let sent = 0; sent < times; sent += 1) codes.push(codeIn((await work()).text));
  return codes;
}

const tenThenRefused = [...Array.from({ length: 10 }, () => 'OK'), 'RATE_LIMITED'];
const touches = (count: number) =>
  `mutation { ${Array.from({ length: count }, (_, index) => `a${index}: touch`).join(' ')} }`;

describe('commands over HTTP', () => {
  it('are refused with 429 and Retry-After, and are not executed', async () => {
    await using tested = await start(tenCommands);
    const query = 'mutation { touch }';
    expect(await repeat(11, () => send(tested, { query }))).toEqual(tenThenRefused);
    expect(tested.probe.inits).toHaveLength(10);
    for (const accept of ['application/json', 'application/graphql-response+json', '*/*']) {
      const { response, text } = await send(tested, { query }, { accept });
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(JSON.parse(text)).toEqual({
        errors: [
          {
            message: 'this actor may send 1 commands per second: try again in 1 s',
            extensions: { code: 'RATE_LIMITED', retryAfter: 1 },
          },
        ],
      });
    }
    expect(codeIn((await send(tested, { query: '{ hello }' })).text)).toBe('OK');
    expect(codeIn((await send(tested, { query }, { actor: 'bob' })).text)).toBe('OK');
  });

  it('are allowed again after Retry-After', async () => {
    await using tested = await start(tenCommands);
    await send(tested, { query: touches(10) });
    const { response } = await send(tested, { query: 'mutation { touch }' });
    const seconds = Number(response.headers.get('retry-after'));
    expect(seconds).toBe(1);
    await delay(seconds * 1_000);
    expect(codeIn((await send(tested, { query: 'mutation { touch }' })).text)).toBe('OK');
  });

  it.each([
    ['aliases', touches(50)],
    ['fragments', `mutation { ...A ...B } fragment A on Mutation { ${inner(25)} } ${second()}`],
  ])('are counted one by one in a document with %s', async (_with, query) => {
    await using tested = await start(tenCommands);
    expect(codeIn((await send(tested, { query })).text)).toBe('OK');
    const { response } = await send(tested, { query: 'mutation { touch }' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '41']);
  });

  it('have the limits of the most generous role', async () => {
    await using tested = await start(tenCommands);
    const query = touches(9);
    const roles: readonly Role[] = ['CUSTOMER', 'MARKET'];
    const unlimited = await repeat(5, () => send(tested, { query }, { roles }));
    expect(new Set(unlimited)).toEqual(new Set(['OK']));
    expect(await repeat(2, () => send(tested, { query }))).toEqual(['OK', 'RATE_LIMITED']);
  });

  it('of a server without tokens are those of the operator, which has all roles', async () => {
    await using tested = await startServer({ actorLimits: tenCommands });
    expect(new Set(await repeat(12, () => send(tested, { query: touches(5) })))).toEqual(
      new Set(['OK']),
    );
  });
});

function inner(count: number): string {
  return Array.from({ length: count }, (_, index) => `b${index}: touch`).join(' ');
}

function second(): string {
  return `fragment B on Mutation { ${inner(25).replaceAll('b', 'c')} }`;
}

describe('cost units', () => {
  it('are counted however the document is named or sent', async () => {
    const documents = { hello: '{ hello }' };
    const schema = buildSchema('type Query { hello: String! }');
    const trustedDocuments = parseTrustedDocuments(JSON.stringify(documents), schema);
    const sha256Hash = createHash('sha256').update('{ hello }').digest('hex');
    const persisted = { extensions: { persistedQuery: { version: 1, sha256Hash } } };
    for (const body of [{ query: '{ hello }' }, persisted, { documentId: 'hello' }]) {
      await using tested = await start(tenQueries, { trustedDocuments });
      await send(tested, { query: '{ hello }' }, { actor: 'first' });
      expect(await repeat(11, () => send(tested, body))).toEqual(tenThenRefused);
    }
  });

  it('are counted for queries by GET and in event streams', async () => {
    await using tested = await start(tenQueries);
    await send(tested, { query: '{ hello }' }, { actor: 'first' });
    async function get(accept: string) {
      const headers = { accept, ...(await bearer('ada')) };
      const response = await fetch(`${tested.url}?query={hello}`, { headers });
      return { response, text: await response.text() };
    }
    const five = Array.from({ length: 5 }, () => 'OK');
    await send(tested, { query: '{hello}' }, { actor: 'second' });
    expect(await repeat(5, () => get('application/json'))).toEqual(five);
    for (let sent = 0; sent < 5; sent += 1) {
      expect((await get('text/event-stream')).text).toContain('event: complete');
    }
    for (const accept of ['application/json', 'text/event-stream']) {
      const { response, text } = await get(accept);
      expect([response.status, codeIn(text)]).toEqual([429, 'RATE_LIMITED']);
      expect(response.headers.get('retry-after')).toBe('1');
    }
  });

  it.each<[string, object | string, string]>([
    ['that are not JSON', '{', 'BAD_REQUEST'],
    ['with an unknown hash', hashOnly(), 'PERSISTED_QUERY_NOT_FOUND'],
    ['with an unknown documentId', { documentId: 'x' }, 'DOCUMENT_NOT_FOUND'],
    ['that cannot be parsed', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['that are not valid', { query: '{ nothing }' }, 'GRAPHQL_VALIDATION_FAILED'],
  ])('are counted for requests %s', async (_what, body, code) => {
    await using tested = await start(tenQueries);
    await send(tested, body, { actor: 'first' });
    const codes = await repeat(12, () => send(tested, body));
    expect(codes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => code));
    expect(codes[11]).toBe('RATE_LIMITED');
  });

  it('are those of the sizes that the variables give', async () => {
    await using tested = await start(limits({ costPerSecond: 100 }));
    const query = 'query ($n: Int) { accounts(first: $n) { nodes { id } } }';
    await send(tested, { query, variables: { n: 1 } }, { actor: 'first' });
    const small = { query, variables: { n: 1 } };
    expect(new Set(await repeat(10, () => send(tested, small)))).toEqual(new Set(['OK']));
    const large = { query, variables: { n: 400 } };
    expect(await repeat(2, () => send(tested, large))).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
    expect(codeIn((await send(tested, small)).text)).toBe('OK');
  });

  it('are counted for documents that the server has not seen, before they are parsed', async () => {
    await using tested = await start(limits({ costPerSecond: 100 }));
    const wide = (index: number) => ({ query: `{ hello } # ${index}${'x'.repeat(2_000)}` });
    const codes: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      codes.push(codeIn((await send(tested, wide(index))).text));
    }
    expect(codes).toEqual(['OK', 'RATE_LIMITED', 'RATE_LIMITED']);
  });
});

function hashOnly(): object {
  const sha256Hash = createHash('sha256').update('unknown').digest('hex');
  return { extensions: { persistedQuery: { version: 1, sha256Hash } } };
}

async function socketOf(tested: TestServer, actor = 'ada'): Promise<TestSocket> {
  const socket = await openSocket(tested.url);
  await socket.init(await bearer(actor));
  return socket;
}

async function answerOf(socket: TestSocket, id: string) {
  await until(() => socket.received.some((message) => message.id === id));
  return socket.received.find((message) => message.id === id);
}

const limitedError = [{ extensions: { code: 'RATE_LIMITED', retryAfter: 1 } }];

describe('a WebSocket', () => {
  it('gets an error for each operation over a limit, and stays open', async () => {
    await using tested = await start(tenCommands);
    await using socket = await socketOf(tested);
    socket.subscribe('all', touches(10));
    expect(await answerOf(socket, 'all')).toMatchObject({ type: 'next' });
    for (let sent = 0; sent < 300; sent += 1) {
      socket.subscribe(String(sent), 'mutation { touch }');
      if (sent % 50 === 49) await answerOf(socket, String(sent));
    }
    expect(await answerOf(socket, '0')).toMatchObject({ type: 'error', payload: limitedError });
    expect(await answerOf(socket, '299')).toMatchObject({ type: 'error', payload: limitedError });
    socket.subscribe('query', '{ hello }');
    expect(await answerOf(socket, 'query')).toMatchObject({ type: 'next' });
    expect(socket.closeCode()).toBeNull();
  });

  it('shares the rates of its actor with other sockets and with HTTP', async () => {
    await using tested = await start(tenCommands);
    await using socket = await socketOf(tested);
    await using other = await socketOf(tested);
    await using stranger = await socketOf(tested, 'bob');
    expect(codeIn((await send(tested, { query: touches(4) })).text)).toBe('OK');
    socket.subscribe('six', touches(6));
    await answerOf(socket, 'six');
    other.subscribe('one', 'mutation { touch }');
    expect(await answerOf(other, 'one')).toMatchObject({ type: 'error', payload: limitedError });
    expect(codeIn((await send(tested, { query: 'mutation { touch }' })).text)).toBe('RATE_LIMITED');
    stranger.subscribe('one', 'mutation { touch }');
    expect(await answerOf(stranger, 'one')).toMatchObject({ type: 'next' });
  });
});

describe('operations and subscriptions at once', () => {
  it('are limited over all connections, until they end', async () => {
    await using tested = await start(limits({ operationsPerActorMax: 2 }));
    await using socket = await socketOf(tested);
    socket.subscribe('slow', '{ slow }');
    await until(() => tested.probe.inits.length === 1);
    const slow = send(tested, { query: '{ slow }' });
    await until(() => tested.probe.inits.length === 2);
    const { response, text } = await send(tested, { query: '{ hello }' });
    expect([response.status, codeIn(text)]).toEqual([429, 'RATE_LIMITED']);
    expect(response.headers.get('retry-after')).toBe('1');
    const streamed = await send(tested, { query: '{ hello }' }, { accept: 'text/event-stream' });
    expect(streamed.response.status).toBe(429);
    socket.subscribe('more', '{ hello }');
    expect(await answerOf(socket, 'more')).toMatchObject({ payload: limitedError });
    socket.subscribe('watch', 'subscription { ticks(count: 1) }');
    expect(await answerOf(socket, 'watch')).toMatchObject({ type: 'next' });
    expect(codeIn((await send(tested, { query: '{ hello }' }, { actor: 'bob' })).text)).toBe('OK');
    tested.probe.release();
    await slow;
    await answerOf(socket, 'slow');
    expect(codeIn((await send(tested, { query: '{ hello }' })).text)).toBe('OK');
  });

  it('are limited over WebSocket and in event streams together', async () => {
    await using tested = await start(limits({ subscriptionsPerActorMax: 2 }));
    await using socket = await socketOf(tested);
    const query = 'subscription { silence }';
    socket.subscribe('first', query);
    const abort = new AbortController();
    const headers = {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...(await bearer('ada')),
    };
    const body = JSON.stringify({ query });
    const stream = await fetch(tested.url, {
      method: 'POST',
      headers,
      body,
      signal: abort.signal,
    });
    expect(stream.status).toBe(200);
    const refused = await fetch(tested.url, { method: 'POST', headers, body });
    expect([refused.status, codeIn(await refused.text())]).toEqual([429, 'RATE_LIMITED']);
    socket.subscribe('third', query);
    expect(await answerOf(socket, 'third')).toMatchObject({ type: 'error', payload: limitedError });
    abort.abort();
    await until(() => tested.probe.ended === 1);
    socket.subscribe('fourth', 'subscription { ticks }');
    expect(await answerOf(socket, 'fourth')).toMatchObject({ type: 'next' });
    expect(socket.closeCode()).toBeNull();
  });
});

describe('the frames of a subscription', () => {
  it('wait for the cost rate of their actor, and none is lost', async () => {
    await using tested = await start(limits({ costPerSecond: 10 }));
    await using socket = await socketOf(tested);
    await using stranger = await socketOf(tested, 'bob');
    // Of 100 units, the subscription takes 50, and each frame one.
    const query = 'subscription { ticks(count: 60) }';
    await send(tested, { query }, { actor: 'first' });
    const framesOf = ({ received }: TestSocket) =>
      received.filter(({ type, id }) => type === 'next' && id === 'a').length;
    socket.subscribe('a', query);
    await until(() => framesOf(socket) >= 50);
    const beganAt = performance.now();
    stranger.subscribe('a', query);
    await until(() => framesOf(stranger) >= 50);
    await until(() => framesOf(socket) === 60);
    expect(performance.now() - beganAt).toBeGreaterThan(500);
    await until(() => socket.received.some(({ type }) => type === 'complete'));
  });
});
