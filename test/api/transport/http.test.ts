import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortTakenError } from '../../../src/api/transport/server.ts';
import { until } from '../../support/until.ts';
import { head, openRaw } from './raw-http.ts';
import { post, startServer, type TestServer } from './test-server.ts';

const hello = { query: '{ hello }' };

/** Sends headers that `fetch` does not allow; returns the status of the answer. */
function statusOf(url: string, headers: Record<string, string>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject);
    request.end();
  });
}

describe('the HTTP side', () => {
  let tested: TestServer;
  let url: string;
  beforeAll(async () => {
    tested = await startServer();
    url = tested.url;
  });
  afterAll(() => tested[Symbol.asyncDispose]());

  it('answers queries and mutations with the extensions of their context', async () => {
    const extensions = { daybook: { sequence: '12' } };
    expect(await post(url, hello)).toMatchObject({
      status: 200,
      body: { data: { hello: 'Hello you' }, extensions },
    });
    expect(await post(url, { query: 'mutation { touch }' })).toMatchObject({
      status: 200,
      body: { data: { touch: 'ok' }, extensions },
    });
    const got = await fetch(`${url}?query=${encodeURIComponent('{ hello }')}`);
    expect(await got.json()).toEqual({ data: { hello: 'Hello you' }, extensions });
  });

  it('passes on minSequence and correlationId, from headers or extensions', async () => {
    const headers = { 'daybook-min-sequence': '7', 'daybook-correlation-id': 'batch 9' };
    await post(url, hello, headers);
    expect(tested.probe.inits.at(-1)).toMatchObject({
      actor: 'operator',
      transport: 'http',
      minSequence: '7',
      correlationId: 'batch 9',
    });
    const extensions = { daybook: { minSequence: '8', correlationId: 'ü' } };
    await post(url, { ...hello, extensions }, headers);
    expect(tested.probe.inits.at(-1)).toMatchObject({ minSequence: '8', correlationId: 'ü' });
  });

  it('refuses malformed minSequence and correlationId', async () => {
    const malformed = [
      ...[{ minSequence: '1e3' }, { minSequence: '-1' }, { minSequence: 5 }, { minSequence: '' }],
      ...[{ minSequence: '9'.repeat(19) }, { correlationId: '' }, { correlationId: 'a\nb' }],
      ...[{ correlationId: '\ud800' }, { correlationId: 'x'.repeat(129) }, { correlationId: 1 }],
    ];
    const refused = { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] };
    for (const daybook of [...malformed, 'text', ['list']]) {
      const answer = await post(url, { ...hello, extensions: { daybook } });
      expect(answer.body).toMatchObject(refused);
    }
    const byHeader = await post(url, hello, { 'daybook-min-sequence': 'soon' });
    expect(byHeader.body).toMatchObject(refused);
  });

  it('answers malformed input with a specific code, never with INTERNAL_SERVER_ERROR', async () => {
    const asked: readonly (readonly [code: string, request: object])[] = [
      ['GRAPHQL_PARSE_FAILED', { query: '{' }],
      ['GRAPHQL_VALIDATION_FAILED', { query: '{ nothing }' }],
      ['BAD_USER_INPUT', { query: '{ echo(amount: 5) }' }],
      ['BAD_USER_INPUT', { query: '{ echo(plain: 5) }' }],
      ['BAD_USER_INPUT', { query: '{ hello(name: 5) }' }],
      ['BAD_USER_INPUT', { query: '{ echo(point: { price: "1", more: 1 }) }' }],
      ['BAD_USER_INPUT', { query: '{ echo(point: {}) }' }],
      ['BAD_USER_INPUT', amountOf(5)],
      ['BAD_USER_INPUT', amountOf('1e5')],
      ['BAD_USER_INPUT', amountOf({ toString: 1 })],
      ['BAD_USER_INPUT', { query: 'query ($p: Plain) { echo(plain: $p) }', variables: { p: 1 } }],
      ['BAD_USER_INPUT', { query: 'query ($p: Point!) { echo(point: $p) }' }],
      ['OPERATION_RESOLUTION_FAILURE', { query: 'query A { hello }', operationName: 'B' }],
      ['OPERATION_RESOLUTION_FAILURE', { query: 'query A { hello } query B { hello }' }],
    ];
    for (const [code, request] of asked) {
      for (const accept of ['application/json', 'application/graphql-response+json']) {
        const { status, body } = await post(url, request, { accept });
        expect(body, JSON.stringify(request)).toMatchObject({ errors: [{ extensions: { code } }] });
        expect(body).not.toHaveProperty('errors.0.extensions.http');
        expect(status).toBe(accept === 'application/json' ? 200 : 400);
      }
    }
    expect(tested.probe.logged).toEqual([]);
  });

  it('masks an error that is not typed, and logs it once with the id in the answer', async () => {
    await using own = await startServer();
    const { body } = await post(own.url, { query: '{ typed broken }' });
    const [logged] = own.probe.logged;
    expect(own.probe.logged).toHaveLength(1);
    expect(logged).toMatchObject({ err: { message: 'secret detail' }, path: ['broken'] });
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(body).toMatchObject({
      data: { typed: null, broken: null },
      errors: [
        { message: 'Known', extensions: { code: 'KNOWN' } },
        {
          message: 'Internal error',
          path: ['broken'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', errorId: logged?.['errorId'] },
        },
      ],
    });
  });

  it('refuses bodies that are not one JSON object', async () => {
    const bodies = ['', '[]', ' [{"query":"{ hello }"}]', '"x"', 'null', '{', '\ufeff{}', '{}'];
    const latin1 = Buffer.from('{"query":"{ hello(name: \\"ü\\") }"}', 'latin1');
    for (const body of [...bodies, latin1]) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body });
      expect(response.status, String(body)).toBe(400);
      expect(await response.json()).toHaveProperty('errors');
    }
  });

  it('reports that it takes one operation at a time', async () => {
    const { status, body } = await post(url, [hello]);
    expect(status).toBe(400);
    expect(body).toMatchObject({ errors: [{ message: 'send one operation, not a list of them' }] });
  });

  it('refuses requests that a form on any page could send', async () => {
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''];
    for (const type of types) {
      const headers = { 'content-type': type };
      const body = JSON.stringify({ query: 'mutation { touch }' });
      const response = await fetch(url, { method: 'POST', headers, body });
      expect(response.status, type).toBe(415);
      expect(await response.json()).toMatchObject({
        errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }],
      });
    }
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect((await fetch(url, { method: 'POST', headers, body: 'x' })).status).toBe(415);
  });

  it('refuses mutations by GET, whatever form of answer is accepted', async () => {
    const before = tested.probe.inits.length;
    for (const accept of ['application/json', 'text/event-stream']) {
      const query = encodeURIComponent('mutation { touch }');
      const response = await fetch(`${url}?query=${query}`, { headers: { accept } });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    }
    expect(tested.probe.inits).toHaveLength(before);
  });

  it('does not execute subscriptions', async () => {
    const { status, body } = await post(url, { query: 'subscription { silence }' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  it('refuses a large body by its Content-Length, and keeps the connection', async () => {
    using connection = await openRaw(url);
    const size = 300 * 1024;
    connection.send(head(size));
    await until(() => connection.received().includes('413'));
    connection.send(Buffer.alloc(size, 'x'));
    const body = JSON.stringify(hello);
    connection.send(head(body.length) + body);
    await until(() => connection.received().includes('Hello you'));
  });

  it('refuses a large body while it arrives, and closes a connection that keeps sending', async () => {
    using connection = await openRaw(url);
    connection.send(head('chunked'));
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const timer = setInterval(() => connection.send(chunk), 1);
    await until(() => connection.received().includes('413'));
    await until(() => connection.isClosed());
    clearInterval(timer);
  });

  it('answers 408 if a body does not arrive', async () => {
    await using own = await startServer({
      limits: { requestTimeoutMs: 200, headersTimeoutMs: 100 },
    });
    using slow = await openRaw(own.url);
    slow.send(`${head(50)}{"query":`);
    using headless = await openRaw(own.url);
    headless.send('POST /graphql HTTP/1.1\r\nHost: localhost\r\n');
    await until(() => slow.isClosed() && headless.isClosed());
    expect(slow.received()).toContain('408');
    expect(headless.received()).toContain('408');
  });

  it('survives clients that disconnect in the middle of a request', async () => {
    using connection = await openRaw(url);
    connection.send(`${head(50)}{"query":`);
    connection.socket.destroy();
    expect((await post(url, hello)).status).toBe(200);
  });

  it('aborts the signal of an operation whose caller disconnects, and no other signal', async () => {
    await using own = await startServer();
    await post(own.url, hello);
    const abort = new AbortController();
    const body = JSON.stringify({ query: '{ slow }' });
    const headers = { 'content-type': 'application/json' };
    const left = fetch(own.url, { method: 'POST', headers, body, signal: abort.signal });
    await until(() => own.probe.inits.length === 2);
    const signals = own.probe.inits.map(({ signal }) => signal);
    abort.abort();
    await expect(left).rejects.toThrow();
    await until(() => signals[1]?.aborted === true);
    expect(signals[0]?.aborted).toBe(false);
  });

  it('serves only loopback host names and pages of loopback origins', async () => {
    for (const host of ['localhost', 'localhost:4000', '127.0.0.1:1', '[::1]:4', 'a.localhost']) {
      expect(await statusOf(`${url}?query={hello}`, { host }), host).toBe(200);
    }
    const elsewhere = [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '10.0.0.1',
    ];
    for (const host of elsewhere) {
      expect(await statusOf(`${url}?query={hello}`, { host }), host).toBe(421);
    }
    expect(await statusOf(url, { origin: 'https://evil.example' }, 'POST')).toBe(403);
    expect(await statusOf(url, { origin: 'null' }, 'POST')).toBe(403);
    expect(await statusOf(`${url}?query={hello}`, { origin: 'http://localhost:3000' })).toBe(200);
  });

  it('allows only listed origins to read across origins', async () => {
    const plain = await fetch(`${url}?query={hello}`);
    expect(plain.headers.get('access-control-allow-origin')).toBeNull();
    await using own = await startServer({ corsOrigins: ['https://app.example'] });
    const headers = { origin: 'https://app.example' };
    const preflight = await fetch(own.url, { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    const answer = await fetch(`${own.url}?query={hello}`, { headers });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(await statusOf(own.url, { origin: 'https://evil.example' }, 'POST')).toBe(403);
  });

  it('reports its health, redirects to the endpoint, and has no other path', async () => {
    const base = tested.server.url;
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    expect((await fetch(`${base}/health/ready`)).status).toBe(200);
    const root = await fetch(base, { redirect: 'manual' });
    expect([root.status, root.headers.get('location')]).toEqual([307, '/graphql']);
    const unknown = await fetch(`${base}/nothing`, { method: 'POST', body: 'x' });
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      {
        errors: [
          { message: 'not found: the API is at /graphql', extensions: { code: 'NOT_FOUND' } },
        ],
      },
    ]);

    await using behind = await startServer({ ready: async () => ({ ready: false, lag: 5 }) });
    const notReady = await fetch(`${behind.server.url}/health/ready`);
    expect([notReady.status, await notReady.json()]).toEqual([503, { ready: false, lag: 5 }]);
    await using failing = await startServer({ ready: () => Promise.reject(new Error('secret')) });
    const unknowable = await fetch(`${failing.server.url}/health/ready`);
    expect([unknowable.status, await unknowable.json()]).toEqual([503, { ready: false }]);
  });

  it('serves GraphiQL with the examples to browsers', async () => {
    const response = await fetch(url, { headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('content-security-policy')).toContain('frame-ancestors');
    const page = await response.text();
    expect(page).toContain('query Hello { hello }');
    expect(page).toContain('Daybook');
  });
});

describe('starting and stopping', () => {
  it('reports in one line that a port is taken', async () => {
    await using tested = await startServer();
    const port = Number(new URL(tested.url).port);
    const second = startServer({ port });
    await expect(second).rejects.toThrow(PortTakenError);
    await expect(second).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `port ${port} on 127.0.0.1 is in use: stop the other program or set PORT`,
    });
  });

  it('finishes running operations, accepts no new ones, and may be stopped twice', async () => {
    await using tested = await startServer({ limits: { stopTimeoutMs: 60_000 } });
    const running = post(tested.url, { query: 'mutation { slow }' });
    await until(() => tested.probe.inits.length === 1);
    const stopped = tested.server.stop();
    expect(tested.server.stop()).toBe(stopped);
    await until(() =>
      post(tested.url, hello).then(
        () => false,
        () => true,
      ),
    );
    tested.probe.release();
    expect(await running).toMatchObject({ body: { data: { slow: 'done' } } });
    await stopped;
  });

  it('does not wait for connections without a request', async () => {
    await using tested = await startServer();
    using silent = await openRaw(tested.url);
    using idle = await openRaw(tested.url);
    const body = JSON.stringify(hello);
    idle.send(head(body.length) + body);
    await until(() => idle.received().includes('Hello you'));
    const startMs = performance.now();
    await tested.server.stop();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await until(() => silent.isClosed() && idle.isClosed());
  });

  it('stops waiting for an operation that does not finish', async () => {
    await using tested = await startServer({ limits: { stopTimeoutMs: 100 } });
    const running = post(tested.url, { query: 'mutation { slow }' });
    const cut = expect(running).rejects.toThrow();
    await until(() => tested.probe.inits.length === 1);
    await tested.server.stop();
    await cut;
  });
});

function amountOf(amount: unknown): object {
  return { query: 'query ($a: Decimal) { echo(amount: $a) }', variables: { a: amount } };
}
