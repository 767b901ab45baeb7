import { connect, createServer, type Socket } from 'node:net';
import { createRandom, type Random } from '../../src/demo/random.ts';

/** How likely each fault is, for each piece of data that passes. */
export interface FaultRates {
  /** The connection breaks, and the piece is not passed on. */
  readonly requestLost: number;
  readonly answerLost: number;
  /** The connection breaks within the piece. */
  readonly answerTorn: number;
}

/** A balancer in front of servers, whose connections break at random. */
export interface FaultyFront extends AsyncDisposable {
  readonly url: string;
  /** The faults so far. */
  faultCount(): number;
  /** Breaks every connection. */
  cut(): void;
  /** Breaks no more connections. */
  heal(): void;
  /** Sends new connections to these servers. */
  setTargets(urls: readonly string[]): void;
}

/** Each new connection goes to a server picked at random; the seed determines everything. */
export async function startFaultyFront(
  urls: readonly string[],
  rates: FaultRates,
  seed: string,
): Promise<FaultyFront> {
  const random = createRandom(seed, 'faulty front');
  const sockets = new Set<Socket>();
  let targets = urls;
  let faults = 0;
  let isFaulty = true;

  function strikes(rate: number): boolean {
    if (!isFaulty || !random.chance(rate)) return false;
    faults += 1;
    return true;
  }

  const server = createServer((client) => {
    const target = new URL(random.pick(targets));
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        // As a proxy does, the server is let finish what it has been asked.
        if (!upstream.destroyed) upstream.end();
      });
    }
    client.on('data', (data) => {
      if (strikes(rates.requestLost)) client.destroy();
      else upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (client.destroyed) return;
      if (strikes(rates.answerLost)) client.destroy();
      else if (strikes(rates.answerTorn)) tear(client, data, random);
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    faultCount: () => faults,
    cut,
    heal() {
      isFaulty = false;
    },
    setTargets(changed) {
      targets = changed;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      await closed;
    },
  };
}

/** Passes on a part of a piece of data, then breaks the connection. */
function tear(client: Socket, data: Buffer, random: Random): void {
  client.write(data.subarray(0, random.integer(0, data.length - 1)), () => client.destroy());
}
