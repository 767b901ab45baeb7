import type { Client } from 'graphql-ws';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createClient } from '../../src/client/client.ts';
import type { WakeUps } from '../../src/client/retry.ts';
import { createSeenSequence } from '../../src/client/seen-sequence.ts';
import { createFrames } from '../../src/client/subscription.ts';
import { until } from '../support/until.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Sink = Parameters<Client['subscribe']>[1];

/** Subscriptions on a socket that never connects, and the sinks of all their attempts. */
function createSubscriptions(count: number) {
  const sinks: Sink[] = [];
  const onConnected: WakeUps = new Set();
  const socket = {
    subscribe(_payload: unknown, sink: Sink) {
      sinks.push(sink);
      return () => {};
    },
  };
  const iterators = Array.from({ length: count }, () =>
    createFrames({
      text: 'subscription { live { a } }',
      name: null,
      variables: {},
      cursor: null,
      signal: null,
      retryForMs: Number.POSITIVE_INFINITY,
      onRetry: () => {},
      isTokenRenewable: false,
      framesMax: 9,
      closing: new AbortController().signal,
      socket: () => socket as unknown as Client,
      seen: createSeenSequence(),
      onConnected,
    }),
  );
  for (const iterator of iterators) iterator.next();
  return { sinks, onConnected };
}

const flush = () => vi.advanceTimersByTimeAsync(0);

test('subscriptions that wait for the connection come back together when there is one', async () => {
  const { sinks, onConnected } = createSubscriptions(3);
  for (const sink of [...sinks]) sink.error({ code: 1006, reason: '' });
  await flush();
  expect([sinks.length, onConnected.size]).toEqual([3, 3]);
  for (const wake of [...onConnected]) wake();
  await flush();
  expect([sinks.length, onConnected.size]).toEqual([6, 0]);
});

test('a subscription that the server has refused waits for its time', async () => {
  const { sinks, onConnected } = createSubscriptions(1);
  sinks[0]?.error([{ message: 'later', extensions: { code: 'OVERLOADED' } }] as never);
  await flush();
  expect([sinks.length, onConnected.size]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(100);
  expect(sinks).toHaveLength(2);
});

test('each connection of a client wakes the subscriptions that wait', async () => {
  vi.useRealTimers();
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  let subscribed = 0;
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type !== 'subscribe') return;
      subscribed += 1;
      if (subscribed !== 2) return;
      // Both have subscribed, and are cut. The second would wait for an hour.
      vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(1e5);
      socket.terminate();
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const retries: number[] = [];
  const client = createClient({
    url: `http://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    onRetry: ({ delayMs }) => retries.push(delayMs),
  });
  for (let each = 0; each < 2; each += 1) {
    client.subscribe('subscription { live { a } }')[Symbol.asyncIterator]().next();
  }
  await until(() => subscribed === 4);
  expect(retries).toHaveLength(2);
  client.close();
  await new Promise((resolve) => server.close(resolve));
});
