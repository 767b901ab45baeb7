import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Identity } from './authentication.ts';
import { createSocketCapacity, type SocketCapacity } from './socket-capacity.ts';

/** One WebSocket connection and what runs on it. */
export interface Session {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Whether more may be given to the socket. */
  readonly room: SocketCapacity;
  /** Null until connection_init has been accepted. */
  identity: Identity | null;
  /** Set once the server stops: nothing new is begun. */
  isStopping: boolean;
  /** Begun and not yet answered to the end, by the id that the client gave. */
  readonly running: Map<string, Running>;
  /** Messages being handled; that of a subscription is until it ends. */
  pendingMessages: number;
}

export interface Running {
  readonly abort: AbortController;
  isSubscription: boolean;
}

export function createSession(
  socket: WebSocket,
  request: IncomingMessage,
  bufferBytesMax: number,
): Session {
  const room = createSocketCapacity(socket, request.socket, bufferBytesMax);
  const running = new Map<string, Running>();
  return { socket, request, room, identity: null, isStopping: false, running, pendingMessages: 0 };
}

/**
 * Cuts a peer that is gone: pings it, and terminates when the pong is not there by the time of the
 * next ping. Ends with the socket.
 *
 * A ping waits behind the frames before it. While these leave, however slowly, the peer is not
 * gone; when they stop leaving, the stall time-out cuts it.
 */
export function keepAlive(socket: WebSocket, intervalMs: number): void {
  let isAlive = true;
  const timer = setInterval(() => {
    if (socket.bufferedAmount > 0) return;
    if (!isAlive) return socket.terminate();
    isAlive = false;
    socket.ping();
  }, intervalMs);
  socket.on('pong', () => {
    isAlive = true;
  });
  socket.once('close', () => clearInterval(timer));
}

/**
 * Closes a connection with 1001 as soon as its queries and mutations have been answered, at the
 * latest when `signal` is aborted. Subscriptions end with the close and not with `complete`,
 * so that clients know that there is more to come and connect again.
 */
export async function closeWhenAnswered(session: Session, signal: AbortSignal): Promise<void> {
  const { socket, running } = session;
  session.isStopping = true;
  // By timer: an operation ends in the same turn as its last frame is given to the socket, and
  // closing between the two would have the client repeat a mutation that it saw no end of.
  const pollMs = 10;
  await new Promise<void>((resolve) => {
    const timer = setInterval(check, pollMs);
    function check(): void {
      const isAnswered = [...running.values()].every(({ isSubscription }) => isSubscription);
      if (!isAnswered && !signal.aborted && socket.readyState === socket.OPEN) return;
      clearInterval(timer);
      resolve();
    }
    check();
  });
  await new Promise<void>((resolve) => {
    if (socket.readyState === socket.CLOSED) return resolve();
    const timer = setTimeout(() => socket.terminate(), closeTimeoutMs);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(1001, 'Going away');
  });
}

/** The log was restored: what was watched of it is no more. A client may connect and ask again. */
const goneCode = 4410;
const idleTimeoutMs = 5_000;

/** Closes a connection with 4410 once nothing runs on it any more, or after a while. */
export async function closeWhenIdle({ socket, running }: Session, reason: string): Promise<void> {
  const signal = AbortSignal.timeout(idleTimeoutMs);
  while (running.size > 0 && !signal.aborted && socket.readyState === socket.OPEN) {
    await delay(idlePollMs);
  }
  socket.close(goneCode, reason);
}

const idlePollMs = 10;

/** How long a peer may take to answer the closing of a socket. */
const closeTimeoutMs = 1000;
