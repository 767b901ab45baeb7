import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { full, replySocketError, type TransportError } from './reply-error.ts';
import type { TransportLimits } from './transport-limits.ts';

/** The connections of a server, and which of them are authenticated. */
export interface Connections {
  /** Whether the connection was refused: a request that arrives on it must not be carried out. */
  isRefused(socket: Socket): boolean;
  /** Reports that the connection has sent a request or connection_init with a valid identity. */
  admit(socket: Socket): void;
  /** Reports that the connection is now a WebSocket: connection_init has a separate time limit. */
  upgraded(socket: Socket): void;
}

/** A connection that has not been authenticated yet. */
interface Stranger {
  readonly socket: Socket;
  readonly address: string;
  readonly timer: NodeJS.Timeout;
  requests: number;
  isWebSocket: boolean;
}

/**
 * Bounds the connections of a server. Those of strangers have a smaller bound and a short time, so
 * that strangers cannot use up the connections of users. When there are too many strangers, the
 * address with the most of them loses its oldest one.
 */
export function trackConnections(server: Server, limits: TransportLimits): Connections {
  const strangers = new Map<Socket, Stranger>();
  const refused = new WeakSet<Socket>();
  let connections = 0;

  function forget(socket: Socket): void {
    clearTimeout(strangers.get(socket)?.timer);
    strangers.delete(socket);
  }

  function accept(socket: Socket): void {
    if (connections >= limits.connectionsMax) {
      refuse(socket, serverFull(limits));
      return;
    }
    connections += 1;
    const stranger: Stranger = {
      socket,
      address: socket.remoteAddress ?? '',
      timer: setTimeout(() => destroyIfIdle(stranger), limits.unauthenticatedTimeoutMs),
      requests: 0,
      isWebSocket: false,
    };
    strangers.set(socket, stranger);
    socket.once('close', () => {
      connections -= 1;
      forget(socket);
    });
    if (strangers.size > limits.unauthenticatedMax) makeWay();
  }

  function makeWay(): void {
    const victim = oldestOfMost([...strangers.values()]);
    if (victim === undefined) return;
    forget(victim.socket);
    // A plain HTTP refusal would break an answer in progress, or the WebSocket protocol.
    if (victim.isWebSocket || victim.requests > 0) victim.socket.destroy();
    else refuse(victim.socket, strangersFull(limits));
  }

  function refuse(socket: Socket, refusal: TransportError): void {
    refused.add(socket);
    replySocketError(socket, refusal);
  }

  function onRequest({ socket }: IncomingMessage, response: ServerResponse): void {
    const stranger = strangers.get(socket);
    if (stranger === undefined) return;
    stranger.requests += 1;
    response.once('close', () => {
      stranger.requests -= 1;
    });
  }

  server.prependListener('connection', accept);
  server.prependListener('request', onRequest);
  return {
    isRefused: (socket) => refused.has(socket),
    admit: forget,
    upgraded(socket) {
      const stranger = strangers.get(socket);
      if (stranger === undefined) return;
      clearTimeout(stranger.timer);
      stranger.isWebSocket = true;
    },
  };
}

/** Destroys a connection; if it has a request in progress, checks it again later. */
function destroyIfIdle({ requests, timer, socket }: Stranger): void {
  // A request in progress, such as a readiness probe, is answered completely.
  if (requests > 0) timer.refresh();
  else socket.destroy();
}

/**
 * The oldest connection of the address that has the most. `strangers` are in order of age. The
 * newest one is never chosen unless it is the only one.
 */
function oldestOfMost(strangers: readonly Stranger[]): Stranger | undefined {
  const counts = new Map<string, number>();
  for (const { address } of strangers) counts.set(address, (counts.get(address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return strangers.find(({ address }) => counts.get(address) === most);
}

function serverFull({ connectionsMax }: TransportLimits) {
  const message = `all ${connectionsMax} connections of this server are in use: try again later`;
  return full('TOO_MANY_CONNECTIONS', message);
}

function strangersFull({ unauthenticatedMax }: TransportLimits) {
  return full(
    'TOO_MANY_CONNECTIONS',
    `at most ${unauthenticatedMax} connections may be unauthenticated: try again later`,
  );
}
