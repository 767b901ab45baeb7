import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { freePort } from './ports.ts';

/** A proxy of a database server that can fail as networks do. */
export interface TcpProxy {
  /** The URL of the database through the proxy. */
  readonly url: string;
  /** Breaks every open connection. */
  cut(): void;
  /** Breaks every connection and refuses new ones, until `restore`. */
  refuse(): Promise<void>;
  /** Silently passes nothing on in either direction until `restore`. */
  blackHole(): void;
  /** Silently passes nothing on over open connections; new ones work. */
  strand(): void;
  /** Lets new connections work again. */
  restore(): Promise<void>;
  /** The number of connections that clients have neither ended nor lost. */
  openCount(): number;
  stop(): Promise<void>;
}

/** Starts a proxy for the server of a database URL. */
export async function createTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  // Nothing else gets it while the proxy refuses.
  const port = await freePort();
  const sockets = new Set<Socket>();
  const held = new Set<Socket>();
  let silent = false;
  let strandedAt = 0;
  let made = 0;
  // Half-open, so that a silent proxy does not answer the end of a connection either.
  const server = createServer({ allowHalfOpen: true }, (client) => {
    // Accepted while the server was closing, which would wait for this connection to end.
    if (!server.listening) {
      client.destroy();
      return;
    }
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
    // Data is read anyway, because the sender would notice full buffers.
    client.on('data', (data) => isSilent() || upstream.write(data));
    upstream.on('data', (data) => isSilent() || client.write(data));
    client.on('end', () => isSilent() || upstream.end());
  });
  async function listen(): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    return closed;
  };
  await listen();
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
      if (!server.listening) await listen();
    },
    openCount: () => held.size,
    stop: async () => {
      if (server.listening) await close();
      else cut();
    },
  };
}
