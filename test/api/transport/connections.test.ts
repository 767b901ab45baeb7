import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { head, openRaw, type RawConnection } from './raw-http.ts';
import { startServer, type TestServer } from './test-server.ts';
import { openSocket } from './test-socket.ts';

const secret = 'a secret of at least 32 characters';
const hello = JSON.stringify({ query: '{ hello }' });
const silence = JSON.stringify({ query: 'subscription { silence }' });

function ask(connection: RawConnection, body: string, more = ''): void {
  connection.send(head(body.length, more) + body);
}

async function openAsked(tested: TestServer): Promise<RawConnection> {
  const connection = await openRaw(tested.url);
  ask(connection, hello);
  await until(() => connection.received().includes('Hello you'));
  return connection;
}

function answers(connection: RawConnection): number {
  return connection.received().split('Hello you').length - 1;
}

const upgrade = [
  'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket',
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
].join('\r\n');

async function bearer(subject: string): Promise<{ readonly authorization: string }> {
  const jwt = new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject(subject);
  jwt.setExpirationTime(Math.floor(Date.now() / 1000) + 60);
  return { authorization: `Bearer ${await jwt.sign(new TextEncoder().encode(secret))}` };
}

async function openStream(url: string, subject: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const authorized = { ...headers, ...(await bearer(subject)) };
  return fetch(url, { method: 'POST', headers: authorized, body: silence });
}

describe('connections without a valid identity', () => {
  it('are closed after a short time, while other connections are kept', async () => {
    await using tested = await startServer({ limits: { unauthenticatedTimeoutMs: 200 } });
    using known = await openAsked(tested);
    using silent = await openRaw(tested.url);
    using probing = await openRaw(tested.url);
    probing.send('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => silent.isClosed() && probing.isClosed(), 2_000);
    expect(probing.received()).toContain('200 OK');
    ask(known, hello);
    await until(() => answers(known) === 2);
  });

  it('are closed with a reason when there are too many', async () => {
    await using tested = await startServer({ limits: { unauthenticatedMax: 3 } });
    const silent: RawConnection[] = [];
    for (let count = 0; count < 6; count += 1) silent.push(await openRaw(tested.url));
    using _user = await openAsked(tested);
    await until(() => silent.filter((connection) => connection.isClosed()).length >= 3);
    expect(silent[0]?.received()).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 5\r\n/s);
    expect(silent[0]?.received()).toContain('"code":"TOO_MANY_CONNECTIONS"');
    for (const connection of silent) connection[Symbol.dispose]();
  });

  it('do not include a WebSocket whose connection_init was accepted', async () => {
    const limits = { unauthenticatedMax: 1, unauthenticatedTimeoutMs: 200 };
    await using tested = await startServer({ limits });
    await using socket = await openSocket(tested.url);
    await socket.init();
    using first = await openRaw(tested.url);
    using second = await openRaw(tested.url);
    await until(() => first.isClosed() && second.isClosed());
    socket.subscribe('1', '{ hello }');
    await until(() => socket.received.some(({ type }) => type === 'complete'));
  });
});

describe('a server that is full', () => {
  it('refuses a connection with a reason and does not execute its request', async () => {
    await using tested = await startServer({ limits: { connectionsMax: 1 } });
    using _user = await openAsked(tested);
    using late = await openRaw(tested.url);
    ask(late, JSON.stringify({ query: 'mutation { touch }' }));
    await until(() => late.isClosed());
    expect(late.received()).toMatch(/^HTTP\/1\.1 503 .*Retry-After: 5\r\n/s);
    expect(late.received()).toContain('"code":"TOO_MANY_CONNECTIONS"');
    expect(tested.probe.inits).toHaveLength(1);
  });

  it('gives the reason and a Retry-After when it refuses an upgrade', async () => {
    await using tested = await startServer({ limits: { socketsMax: 1 } });
    await using _socket = await openSocket(tested.url);
    using late = await openRaw(tested.url);
    late.send(upgrade);
    await until(() => late.isClosed());
    const [top = '', body = ''] = late.received().split('\r\n\r\n');
    expect(top).toMatch(/^HTTP\/1\.1 503 Service Unavailable.*Retry-After: 5/s);
    expect(JSON.parse(body)).toMatchObject({
      errors: [
        {
          message: 'all 1 WebSockets of this server are in use: try again later',
          extensions: { code: 'TOO_MANY_SOCKETS' },
        },
      ],
    });
  });

  it('gives the same answer when it refuses an event stream', async () => {
    await using tested = await startServer({ limits: { streamsMax: 1 } });
    using first = await openRaw(tested.url);
    using late = await openRaw(tested.url);
    for (const connection of [first, late])
      ask(connection, silence, 'Accept: text/event-stream\r\n');
    await until(() => late.received().includes('TOO_MANY_STREAMS'));
    expect(late.received()).toMatch(/^HTTP\/1\.1 503 .*retry-after: 5\r\n/is);
  });
});

describe('quotas', () => {
  it('limit the WebSockets and event streams of an actor', async () => {
    const authentication = { jwt: { secret } };
    await using tested = await startServer({ authentication, limits: { socketsPerActorMax: 1 } });
    const first = await openStream(tested.url, 'ada');
    const second = await openStream(tested.url, 'ada');
    expect(second.status).toBe(429);
    expect(second.headers.get('retry-after')).toBe('5');
    expect(await second.json()).toMatchObject({
      errors: [{ extensions: { code: 'TOO_MANY_STREAMS' } }],
    });
    await using socket = await openSocket(tested.url);
    socket.send({ type: 'connection_init', payload: await bearer('ada') });
    await until(() => socket.closeCode() !== null);
    expect(socket.closeCode()).toBe(4429);
    const other = await openStream(tested.url, 'grace');
    expect(other.status).toBe(200);
    await other.body?.cancel();
    await first.body?.cancel();
    await until(async () => {
      const again = await openStream(tested.url, 'ada');
      await again.body?.cancel();
      return again.status === 200;
    });
  });

  it('limit the WebSockets and event streams of an address', async () => {
    await using tested = await startServer({ limits: { socketsPerAddressMax: 1 } });
    await using _first = await openSocket(tested.url);
    await expect(openSocket(tested.url)).rejects.toThrow('429');
    using stream = await openRaw(tested.url);
    ask(stream, silence, 'Accept: text/event-stream\r\n');
    await until(() => stream.received().includes('429 Too Many Requests'));
    await using other = await openSocket(tested.url, { localAddress: '127.0.0.2' });
    await other.init();
  });
});
