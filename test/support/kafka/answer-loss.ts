import { connect, createServer, type Socket } from 'node:net';

/** The requests whose answers can be lost, by their number in the Kafka protocol. */
const requestKeys = { produce: 0, commit: 26 } as const;

export type LosableRequest = keyof typeof requestKeys;

/** A proxy in front of a Kafka broker that loses answers. */
export interface AnswerLoss {
  readonly port: number;
  /**
   * Loses, once, the answer to the next request of a kind: the broker has handled it, and then the
   * connection breaks.
   */
  loseAnswerTo(request: LosableRequest): void;
  /** The number of answers lost so far. */
  lostCount(): number;
  stop(): Promise<void>;
}

/** Starts a proxy for the broker that listens on a port. */
export async function startAnswerLoss(brokerPort: number): Promise<AnswerLoss> {
  const sockets = new Set<Socket>();
  let armed: number | null = null;
  let lost = 0;
  const server = createServer((client) => {
    const broker = connect(brokerPort, '127.0.0.1');
    /** The correlation id of the request whose answer is lost. */
    let doomed: number | null = null;
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    onFrame(client, (frame) => {
      if (armed !== null && frame.readInt16BE(4) === armed) {
        armed = null;
        doomed = frame.readInt32BE(8);
      }
      broker.write(frame);
    });
    onFrame(broker, (frame) => {
      if (doomed === null || frame.readInt32BE(4) !== doomed) {
        client.write(frame);
        return;
      }
      lost += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    loseAnswerTo(request) {
      armed = requestKeys[request];
    },
    lostCount: () => lost,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Calls back with each whole request or answer, which begins with its length. */
function onFrame(socket: Socket, use: (frame: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      use(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  });
}
