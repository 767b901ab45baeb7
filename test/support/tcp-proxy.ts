import { connect, createServer, type Socket } from 'node:net';

/** A way to a database server that can be made to fail as networks do. */
export interface TcpProxy {
  /** The address of the database through the proxy. */
  readonly url: string;
  /** Breaks every connection there is. */
  cut(): void;
  /** Breaks every connection and refuses new ones, until `restore`. */
  refuse(): Promise<void>;
  /** Passes nothing on any more, in either direction and without telling, until `restore`. */
  blackHole(): void;
  /** Passes nothing on any more on the connections that there are; new ones work. */
  strand(): void;
  /** Works again, for new connections. */
  restore(): Promise<void>;
  /** How many connections the clients have neither ended nor lost. */
  openCount(): number;
  stop(): Promise<void>;
}

/** Puts a proxy in front of the server of a database address. */
export async function createTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const held = new Set<Socket>();
  let silent = false;
  let strandedAt = 0;
  let made = 0;
  // Half-open, so that a black hole does not answer the end of a connection either.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    made += 1;
    const number = made;
    const isSilent = () => silent || number <= strandedAt;
    for (const socket of [client, upstream]) {
      socket.on('error', () => socket.destroy());
    }
    sockets.add(client);
    held.add(client);
    client.once('end', () => held.delete(client));
    client.once('close', () => {
      held.delete(client);
      sockets.delete(client);
      upstream.destroy();
    });
    upstream.once('close', () => {
      if (!isSilent()) client.destroy();
    });
    // Data are read all the same: a sender that is not read from would notice by and by.
    client.on('data', (data) => isSilent() || upstream.write(data));
    upstream.on('data', (data) => isSilent() || client.write(data));
    client.on('end', () => isSilent() || upstream.end());
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    return closed;
  };
  await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = new URL(targetUrl);
  url.host = `127.0.0.1:${port}`;
  return {
    url: url.href,
    cut,
    refuse: close,
    blackHole: () => {
      silent = true;
    },
    strand: () => {
      strandedAt = made;
    },
    restore: async () => {
      silent = false;
      if (!server.listening) await listen(port);
    },
    openCount: () => held.size,
    stop: async () => {
      if (server.listening) await close();
      else cut();
    },
  };
}
