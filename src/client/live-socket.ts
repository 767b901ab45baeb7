import { type Client, createClient } from 'graphql-ws/client';
import { DaybookError } from './errors.ts';

interface LiveSocketOptions {
  readonly url: string;
  readonly webSocketImpl: unknown;
  readonly token: () => Promise<string | null>;
  readonly onConnected: () => void;
}

/** How long a connection may take until it is acknowledged. */
const connectTimeoutMs = 15_000;
const pingIntervalMs = 10_000;
const pongTimeoutMs = 5_000;
/** How long a socket without subscriptions stays open. */
const idleTimeoutMs = 1_000;

/**
 * Opens one WebSocket for all subscriptions while there are any. graphql-ws never retries here: a
 * retry must subscribe with a new cursor, which only the subscription knows.
 */
export function openLiveSocket(options: LiveSocketOptions): Client {
  const { url, webSocketImpl, token, onConnected } = options;
  if (webSocketImpl === undefined && typeof WebSocket === 'undefined') {
    const message = 'there is no WebSocket here: pass the option webSocketImpl, such as that of ws';
    throw new DaybookError('SOCKET_CLOSED', message);
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expect = (timeoutMs: number): void => {
    clearTimeout(timer);
    // A network may fail without closing the connection.
    timer = setTimeout(() => client.terminate(), timeoutMs);
  };
  const stop = (): void => clearTimeout(timer);
  const client = createClient({
    url,
    webSocketImpl,
    retryAttempts: 0,
    lazyCloseTimeout: idleTimeoutMs,
    keepAlive: pingIntervalMs,
    connectionParams: async () => {
      const given = await token();
      return given === null ? {} : { authorization: `Bearer ${given}` };
    },
    on: {
      connecting: () => expect(connectTimeoutMs),
      connected: () => {
        stop();
        onConnected();
      },
      ping: (isReceived) => (isReceived ? undefined : expect(pongTimeoutMs)),
      pong: (isReceived) => (isReceived ? stop() : undefined),
      closed: stop,
      error: stop,
    },
  });
  return client;
}
