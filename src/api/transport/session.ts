import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Identity } from './authentication.ts';
import { createSocketCapacity, type SocketCapacity } from './socket-capacity.ts';

/** One WebSocket connection and its running operations. */
export interface Session {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Whether the socket can take more frames and answers. */
  readonly capacity: SocketCapacity;
  /** Null until connection_init has been accepted. */
  identity: Identity | null;
  /** True once the server stops: no new operation starts. */
  isStopping: boolean;
  /** Operations that have started and not ended, by the id that the client chose. */
  readonly running: Map<string, Running>;
  /** Messages being handled; the message of a subscription counts until the subscription ends. */
  pendingMessages: number;
}

interface Running {
  readonly abort: AbortController;
  isSubscription: boolean;
}

export function createSession(
  socket: WebSocket,
  request: IncomingMessage,
  bufferBytesMax: number,
): Session {
  return {
    socket,
    request,
    capacity: createSocketCapacity(socket, request.socket, bufferBytesMax),
    identity: null,
    isStopping: false,
    running: new Map(),
    pendingMessages: 0,
  };
}

/**
 * Disconnects a peer that is gone: pings it, and terminates the socket if no pong has arrived when
 * the next ping is due. Ends with the socket.
 *
 * A ping waits behind the frames before it. While these leave, however slowly, the peer is not
 * gone; when they stop leaving, the stall timeout disconnects it.
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
 * latest when `signal` is aborted. Subscriptions end with the close and not with `complete`, so
 * that clients know that more results follow, and connect again.
 */
export async function closeWhenAnswered(session: Session, signal: AbortSignal): Promise<void> {
  const { socket, running } = session;
  session.isStopping = true;
  // A timer polls, because an operation ends in the same turn in which its last frame is given to
  // the socket. If the socket closed in between, the client would miss the result of a mutation.
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
    socket.close(1001, 'the server is stopping');
  });
}

/** The log was restored, so what was watched no longer exists. A client may connect again. */
const goneCode = 4410;
const idleTimeoutMs = 5_000;

/** Closes a connection with 4410 once no operation runs on it, at the latest after 5 s. */
export async function closeWhenIdle({ socket, running }: Session, reason: string): Promise<void> {
  const signal = AbortSignal.timeout(idleTimeoutMs);
  while (running.size > 0 && !signal.aborted && socket.readyState === socket.OPEN) {
    await delay(idlePollMs);
  }
  socket.close(goneCode, reason);
}

const idlePollMs = 10;

/** How long a peer may take to answer a close frame. */
const closeTimeoutMs = 1000;
