import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '../../support/until.ts';
import { startServer } from './test-server.ts';
import { openSocket } from './test-socket.ts';

describe('the WebSocket side', () => {
  it('answers queries and mutations with the extensions of their context', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('1', 'mutation { touch }', {
      extensions: { daybook: { minSequence: '7', correlationId: 'batch 9' } },
    });
    await until(() => socket.received.length === 3);
    const extensions = { daybook: { sequence: '12' } };
    expect(socket.received.slice(1)).toEqual([
      { type: 'next', id: '1', payload: { data: { touch: 'ok' }, extensions } },
      { type: 'complete', id: '1' },
    ]);
    expect(tested.probe.inits).toMatchObject([
      { transport: 'websocket', actor: 'operator', minSequence: '7', correlationId: 'batch 9' },
    ]);
  });

  it('works with the client of graphql-ws, for subscriptions until they complete', async () => {
    await using tested = await startServer();
    const url = tested.url.replace('http', 'ws');
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
    const seen: unknown[] = [];
    for await (const { data } of client.iterate({ query: 'subscription { ticks(count: 3) }' })) {
      seen.push(data);
    }
    expect(seen).toEqual([{ ticks: 'x' }, { ticks: 'x' }, { ticks: 'x' }]);
    await client.dispose();
  });

  it('has the same limits and errors as HTTP', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    const asked: readonly (readonly [code: string, query: string, more?: object])[] = [
      ['QUERY_TOO_DEEP', '{a'.repeat(20_000)],
      ['QUERY_TOO_COMPLEX', `{ ${'hello '.repeat(100)} }`],
      ['GRAPHQL_PARSE_FAILED', '{'],
      ['GRAPHQL_VALIDATION_FAILED', '{ nothing }'],
      ['BAD_USER_INPUT', '{ echo(amount: 5) }'],
      ['BAD_USER_INPUT', '{ hello }', { extensions: { daybook: { minSequence: 'x' } } }],
      ['OPERATION_RESOLUTION_FAILURE', 'query A { hello }', { operationName: 'B' }],
    ];
    for (const [id, [, query, more]] of asked.entries()) socket.subscribe(`${id}`, query, more);
    await until(() => socket.received.length === asked.length + 1);
    for (const [id, [code]] of asked.entries()) {
      const answer = socket.received.find((message) => message.id === `${id}`);
      expect(answer).toMatchObject({ type: 'error', payload: [{ extensions: { code } }] });
    }
    expect(tested.probe.logged).toEqual([]);
  });

  it('answers variables of the wrong type with BAD_USER_INPUT', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    const query = 'query ($a: Decimal) { echo(amount: $a) }';
    socket.subscribe('1', query, { variables: { a: 5 } });
    await until(() => socket.received.length === 3);
    expect(socket.received[1]?.payload).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(socket.received[1]?.payload).not.toHaveProperty('errors.0.extensions.http');
  });

  it('passes typed errors of a running subscription and masks others', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('typed', 'subscription { failing }');
    socket.subscribe('masked', 'subscription { broken }');
    await until(() => socket.received.filter(({ type }) => type === 'error').length === 2);
    const codes = { typed: 'TOO_FAR_BEHIND', masked: 'INTERNAL_SERVER_ERROR' };
    for (const [id, code] of Object.entries(codes)) {
      const error = socket.received.find(
        (message) => message.id === id && message.type === 'error',
      );
      expect(error?.payload).toMatchObject([{ extensions: { code } }]);
    }
    expect(JSON.stringify(socket.received)).not.toContain('secret');
    expect(tested.probe.logged).toHaveLength(1);
  });

  it('ends the source of a subscription when its client completes it or disconnects', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('1', 'subscription { silence }');
    socket.subscribe('2', 'subscription { silence }');
    await until(() => tested.probe.inits.length === 2);
    socket.send({ type: 'complete', id: '1' });
    await until(() => tested.probe.ended === 1);
    socket.socket.terminate();
    await until(() => tested.probe.ended === 2);
  });

  it('stops making frames for a reader that does not read once the socket is full', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('1', 'subscription { ticks(size: 100000) }');
    await until(() => tested.probe.produced > 3);
    socket.socket.pause();
    let before = -1;
    await until(async () => {
      const isStill = tested.probe.produced === before;
      before = tested.probe.produced;
      await sleep(200);
      return isStill;
    });
    // 100 kB each: what the buffers of two sockets hold, and no more.
    expect(before).toBeLessThan(300);
    socket.socket.resume();
    await until(() => tested.probe.produced > before + 10);
  });

  it('disconnects a peer that does not answer pings', async () => {
    await using tested = await startServer({ limits: { pingIntervalMs: 50 } });
    await using deaf = await openSocket(tested.url, { autoPong: false });
    await using alive = await openSocket(tested.url);
    await deaf.init();
    await alive.init();
    deaf.subscribe('1', 'subscription { silence }');
    await until(() => deaf.closeCode() !== null);
    await until(() => tested.probe.ended === 1);
    expect(alive.closeCode()).toBeNull();
  });

  it('limits operations, messages and sockets', async () => {
    const limits = { operationsPerSocketMax: 2, messageBytesMax: 1_000, socketsMax: 2 };
    await using tested = await startServer({ limits });
    await using socket = await openSocket(tested.url);
    await using other = await openSocket(tested.url);
    await expect(openSocket(tested.url)).rejects.toThrow('503');
    await socket.init();
    for (const id of ['1', '2', '3']) socket.subscribe(id, 'subscription { silence }');
    await until(() => socket.received.length === 2);
    expect(socket.received[1]).toMatchObject({
      type: 'error',
      id: '3',
      payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }],
    });
    socket.send({ type: 'complete', id: '1' });
    await until(() => tested.probe.ended === 1);
    socket.subscribe('4', '{ hello }');
    await until(() => socket.received.some(({ id, type }) => id === '4' && type === 'complete'));
    other.socket.send('x'.repeat(1_001));
    await until(() => other.closeCode() !== null);
    expect(other.closeCode()).toBe(1009);
  });

  it('closes a socket on which answers pile up', async () => {
    await using tested = await startServer({ limits: { operationsPerSocketMax: 5 } });
    await using socket = await openSocket(tested.url);
    await socket.init();
    // Completing an operation that runs frees its id, though not what it still has to send.
    for (let count = 0; count < 30; count += 1) {
      socket.subscribe('again', '{ slow }');
      socket.send({ type: 'complete', id: 'again' });
    }
    await until(() => socket.closeCode() !== null);
    expect(socket.closeCode()).toBe(4429);
  });

  it('releases a subscription whose source does not react to the request to end', async () => {
    await using tested = await startServer({ limits: { operationsPerSocketMax: 1 } });
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('1', 'subscription { deaf }');
    await until(() => tested.probe.inits.length === 1);
    // The answer to the ping arrives after the subscription has begun.
    socket.send({ type: 'ping' });
    await until(() => socket.received.some(({ type }) => type === 'pong'));
    socket.send({ type: 'complete', id: '1' });
    await until(() => {
      socket.subscribe('2', '{ hello }');
      return socket.received.some(({ id, type }) => id === '2' && type === 'next');
    });
  });

  it('aborts the signal of a query whose client disconnects', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('1', '{ slow }');
    await until(() => tested.probe.inits.length === 1);
    const signal = tested.probe.inits[0]?.signal;
    socket.socket.terminate();
    await until(() => signal?.aborted === true);
  });

  it('closes connections that violate the protocol', async () => {
    await using tested = await startServer({ limits: { connectionInitTimeoutMs: 100 } });
    const openings: readonly (readonly [code: number, messages: readonly string[]])[] = [
      [4400, ['no json']],
      [4400, ['{"type":"nothing"}']],
      [4400, ['['.repeat(50_000)]],
      [4401, ['{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}']],
      [4408, []],
      [4429, ['{"type":"connection_init"}', '{"type":"connection_init"}']],
    ];
    for (const [code, messages] of openings) {
      await using socket = await openSocket(tested.url);
      for (const message of messages) socket.socket.send(message);
      await until(() => socket.closeCode() !== null, 2_000);
      expect(socket.closeCode()).toBe(code);
    }
    expect(tested.probe.logged).toEqual([]);
  });

  it('refuses other paths, hosts and origins before it opens a socket', async () => {
    await using tested = await startServer();
    await expect(openSocket(tested.url.replace('/graphql', '/else'))).rejects.toThrow('404');
    const headers = { host: 'evil.example' };
    await expect(openSocket(tested.url, { headers })).rejects.toThrow('421');
    await expect(openSocket(tested.url, { origin: 'https://evil.example' })).rejects.toThrow('403');
    await using socket = await openSocket(tested.url, { origin: 'http://localhost:3000' });
    await socket.init();
  });

  it('answers mutations and then closes with 1001 when the server stops', async () => {
    await using tested = await startServer();
    await using socket = await openSocket(tested.url);
    await socket.init();
    socket.subscribe('live', 'subscription { silence }');
    socket.subscribe('1', 'mutation { slow }');
    await until(() => tested.probe.inits.length === 2);
    const stopped = tested.server.stop();
    socket.subscribe('late', '{ hello }');
    await until(() => socket.received.some(({ id }) => id === 'late'));
    tested.probe.release();
    await stopped;
    await until(() => socket.closeCode() !== null);
    expect(socket.closeCode()).toBe(1001);
    const about = (id: string) => socket.received.filter((message) => message.id === id);
    expect(about('1').map(({ type }) => type)).toEqual(['next', 'complete']);
    expect(about('live')).toEqual([]);
    expect(about('late')).toMatchObject([
      { type: 'error', payload: [{ extensions: { code: 'UNAVAILABLE' } }] },
    ]);
    expect(tested.probe.ended).toBe(1);
  });
});
