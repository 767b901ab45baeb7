import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
export const hookSecret = `whsec_${key.toString('base64')}`;

/** A POST that a receiver got. */
export interface Received {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly previous: number;
  readonly contentType: string | undefined;
  /** Whether the signature is right and the time recent, by the text of Standard Webhooks. */
  readonly isSigned: boolean;
  readonly at: number;
  readonly path: string | undefined;
}

/** Answers a request; the nth, from 1. True: answered or left open; else the answer is 204. */
export type Behaviour = (response: ServerResponse, count: number) => boolean;

/** A receiver of webhooks on a free port of the loopback interface. */
export interface HookReceiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** The ids of the events that were answered with success, in order. */
  readonly accepted: string[];
  behave(behaviour: Behaviour): void;
  /** How many connections were made. */
  connections(): number;
  stop(): Promise<void>;
}

export async function startHookReceiver(
  tls?: { readonly key: string; readonly cert: string },
  port = 0,
): Promise<HookReceiver> {
  const received: Received[] = [];
  const accepted: string[] = [];
  let behaviour: Behaviour = () => false;
  let connections = 0;
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const post = toReceived(request, Buffer.concat(chunks).toString());
    received.push(post);
    if (behaviour(response, received.length)) return;
    accepted.push(post.id);
    response.writeHead(204).end();
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.destroy());
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on('connection', () => {
    connections += 1;
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${actual}/hook`,
    port: actual,
    received,
    accepted,
    behave(next) {
      behaviour = next;
    },
    connections: () => connections,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function toReceived({ headers, url }: IncomingMessage, body: string): Received {
  const id = String(headers['webhook-id']);
  const event = JSON.parse(body);
  return {
    id,
    type: event.type,
    sequence: Number(event.sequence),
    previous: Number(event.previous),
    contentType: headers['content-type'],
    isSigned: event.id === id && verify(id, headers, body),
    at: performance.now(),
    path: url,
  };
}

/** The signed content is the id, the time and the body, joined by full stops. */
function verify(id: string, headers: IncomingMessage['headers'], body: string): boolean {
  const time = String(headers['webhook-timestamp']);
  const content = `${id}.${time}.${body}`;
  const expected = createHmac('sha256', key).update(content).digest('base64');
  const isRecent = Math.abs(Date.now() / 1_000 - Number(time)) < 60;
  return isRecent && headers['webhook-signature'] === `v1,${expected}`;
}
