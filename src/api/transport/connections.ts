import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { full, replySocketError, type TransportError } from './reply-error.ts';
import type { TransportLimits } from './transport-limits.ts';

/** The connections of a server, and which of them are known to be of somebody. */
export interface Connections {
  /** The connection is refused: a request that it may still have sent must not be carried out. */
  isRefused(socket: Socket): boolean;
  /** The connection has sent a request, or a connection_init, with a valid identity. */
  admit(socket: Socket): void;
  /** The connection is a WebSocket now, whose connection_init has a time limit of its own. */
  upgraded(socket: Socket): void;
}

/** A connection on which nobody has proved an identity yet. */
interface Stranger {
  readonly socket: Socket;
  readonly address: string;
  readonly timer: NodeJS.Timeout;
  requests: number;
  isWebSocket: boolean;
}

/**
 * Bounds the connections of a server, and those of strangers with a smaller bound and a short
 * time, so that strangers cannot use up the places of users. When there are too many strangers,
 * the address that has the most of them loses its oldest one.
 */
export function trackConnections(server: Server, limits: TransportLimits): Connections {
  const strangers = new Map<Socket, Stranger>();
  const refused = new WeakSet<Socket>();
  let connections = 0;

  function forget(socket: Socket): void {
    clearTimeout(strangers.get(socket)?.timer);
    strangers.delete(socket);
  }

  function look(stranger: Stranger): void {
    // What is being answered, such as a probe of readiness, is answered to its end.
    if (stranger.requests > 0) stranger.timer.refresh();
    else stranger.socket.destroy();
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
      timer: setTimeout(() => look(stranger), limits.unauthenticatedTimeoutMs),
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
    // What is answered, or speaks another protocol by now, cannot be told in plain HTTP.
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

/** In order of age; the one that has just come is never chosen unless it is alone. */
function oldestOfMost(strangers: readonly Stranger[]): Stranger | undefined {
  const counts = new Map<string, number>();
  for (const { address } of strangers) counts.set(address, (counts.get(address) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return strangers.find(({ address }) => counts.get(address) === most);
}

function serverFull({ connectionsMax }: TransportLimits) {
  const message = `This server has ${connectionsMax} connections at most, and all are in use`;
  return full('TOO_MANY_CONNECTIONS', message);
}

function strangersFull({ unauthenticatedMax }: TransportLimits) {
  return full(
    'TOO_MANY_CONNECTIONS',
    `At most ${unauthenticatedMax} connections wait for their first authorized request`,
  );
}
