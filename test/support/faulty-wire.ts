import { connect, createServer, type Socket } from 'node:net';

/** When a connection breaks: before the server gets the statement, or after it has answered. */
export type Fault = 'statement lost' | 'answer lost';

/** A proxy of a database server that breaks exactly at a statement. */
export interface FaultyWire {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** Breaks, once, the connection on which the next statement with `text` is sent. */
  failAt(text: string, fault: Fault): void;
  /** Breaks every open connection; a server that is working does not notice. */
  cut(): void;
  /** The number of faults so far. */
  faultCount(): number;
  stop(): Promise<void>;
}

export async function createFaultyWire(targetUrl: string): Promise<FaultyWire> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let armed: { readonly text: string; readonly fault: Fault } | null = null;
  let faults = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let isAnswerLost = false;
    const fail = (): void => {
      faults += 1;
      client.destroy();
    };
    sockets.add(client);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    client.once('close', () => {
      sockets.delete(client);
      upstream.end();
    });
    upstream.once('close', () => client.destroy());
    client.on('data', (data) => {
      if (armed !== null && data.includes(armed.text)) {
        const { fault } = armed;
        armed = null;
        if (fault === 'statement lost') return fail();
        isAnswerLost = true;
      }
      upstream.write(data);
    });
    // The server answers a statement outside a transaction only after it has committed.
    upstream.on('data', (data) => (isAnswerLost ? client.destroyed || fail() : client.write(data)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = new URL(targetUrl);
  url.host = `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    failAt(text, fault) {
      armed = { text, fault };
    },
    cut,
    faultCount: () => faults,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      await closed;
    },
  };
}
