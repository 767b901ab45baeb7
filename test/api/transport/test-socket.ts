import { type ClientOptions, WebSocket } from 'ws';
import { until } from '../../support/until.ts';

export interface ReceivedMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A client that speaks graphql-transport-ws message by message. */
export interface TestSocket extends AsyncDisposable {
  readonly socket: WebSocket;
  readonly received: readonly ReceivedMessage[];
  send(message: object): void;
  /** Sends connection_init and waits for its answer. */
  init(payload?: object): Promise<void>;
  subscribe(id: string, query: string, more?: object): void;
  /** Null while it is open. */
  closeCode(): number | null;
  /** Empty while it is open. */
  closeReason(): string;
}

/** Opens a socket to the endpoint of a server; rejects with its status when it is refused. */
export async function openSocket(
  url: string,
  options: ClientOptions & { readonly protocol?: string } = {},
): Promise<TestSocket> {
  const { protocol = 'graphql-transport-ws', ...rest } = options;
  const socket = new WebSocket(url.replace('http', 'ws'), protocol, rest);
  const received: ReceivedMessage[] = [];
  let code: number | null = null;
  let reason = '';
  socket.on('message', (data) => received.push(JSON.parse(String(data))));
  socket.on('close', (closed, why) => {
    code = closed;
    reason = String(why);
  });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  function send(message: object): void {
    socket.send(JSON.stringify(message));
  }
  return {
    socket,
    received,
    send,
    async init(payload) {
      send({ type: 'connection_init', ...(payload && { payload }) });
      await until(() => received.some(({ type }) => type === 'connection_ack'));
    },
    subscribe(id, query, more = {}) {
      send({ type: 'subscribe', id, payload: { query, ...more } });
    },
    closeCode: () => code,
    closeReason: () => reason,
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await until(() => code !== null);
    },
  };
}
