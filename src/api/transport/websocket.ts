import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError } from 'graphql';
import { type Context, handleProtocols, makeServer, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../../lib/logger.ts';
import { codedError, codeOf } from '../errors.ts';
import type { CheckAccess } from './access.ts';
import { type Authenticate, tokenExpired } from './authentication.ts';
import type { Connections } from './connections.ts';
import { deadline } from './deadline.ts';
import { holdBackSocket } from './hold-back.ts';
import type { Operation, Operations } from './operation.ts';
import type { PersistedQueries } from './persisted-queries.ts';
import type { Quotas } from './quotas.ts';
import { exceeded, full, replySocketError, type TransportError } from './reply-error.ts';
import {
  closeWhenAnswered,
  closeWhenIdle,
  createSession,
  keepAlive,
  type Session,
} from './session.ts';
import { sendFrames, sendText } from './socket-frames.ts';
import { withQuery } from './socket-message.ts';
import type { Stalled } from './stalled.ts';
import type { TransportLimits } from './transport-limits.ts';

interface WebSocketOptions {
  readonly operations: Operations;
  readonly persistedQueries: PersistedQueries;
  readonly authenticate: Authenticate;
  readonly checkAccess: CheckAccess;
  readonly limits: TransportLimits;
  readonly quotas: Quotas;
  readonly connections: Connections;
  readonly stalled: Stalled;
  readonly log: Logger;
}

export interface WebSockets {
  /** Handles the `upgrade` event of a server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with a subscription with 4410, once its operations have ended. */
  endWatching(reason: string): void;
  /** Waits for queries and mutations until `signal` aborts; closes every socket with 1001. */
  stop(signal: AbortSignal): Promise<void>;
}

type Params = Readonly<Record<string, unknown>>;

/** An operation, and the session and id under which its frames are sent. */
interface SocketOperation extends Operation {
  readonly session: Session;
  readonly id: string;
}

/** The protocol allows a reason of 123 bytes. */
const reasonLengthMax = 123;
/** Messages of a well-behaved client in addition to those of its operations. */
const otherMessagesMax = 20;

/** Serves GraphQL over WebSocket (graphql-transport-ws) with graphql-ws and `Operations`. */
export function createWebSockets(options: WebSocketOptions): WebSockets {
  const { limits, log, checkAccess, quotas, connections, stalled } = options;
  const protocol = createProtocol(options);
  const sessions = new Set<Session>();
  let isStopped = false;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytesMax,
    perMessageDeflate: false,
    handleProtocols,
  });
  sockets.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const session = createSession(socket, request, limits.bufferBytesMax);
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
    // This is mostly a fault of the peer, such as a message that is too large, on which ws closes
    // the socket.
    socket.on('error', (error) => log.debug({ err: error }, 'a WebSocket failed'));
    keepAlive(socket, limits.pingIntervalMs);
    stalled.watchSocket(request.socket);
    open(protocol, session, options);
  });

  function checkUpgrade(request: IncomingMessage): TransportError | null {
    if (request.url?.split('?', 1)[0] !== '/graphql') return elsewhere;
    if (isStopped) return full('UNAVAILABLE', 'the server is stopping');
    if (sessions.size >= limits.socketsMax) return serverFull(limits);
    return checkAccess(request);
  }

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const refusal = checkUpgrade(request);
      if (refusal !== null) return replySocketError(socket, refusal);
      const leave = quotas.ofAddress.take(request.socket.remoteAddress ?? '');
      if (leave === null) return replySocketError(socket, addressFull(limits));
      socket.once('close', leave);
      connections.upgraded(request.socket);
      sockets.handleUpgrade(request, socket, head, (opened) => {
        sockets.emit('connection', opened, request);
      });
    },
    endWatching(reason) {
      for (const session of sessions) {
        const isWatching = [...session.running.values()].some(
          ({ isSubscription }) => isSubscription,
        );
        if (isWatching) void closeWhenIdle(session, reason);
      }
    },
    async stop(signal) {
      isStopped = true;
      await Promise.all([...sessions].map((session) => closeWhenAnswered(session, signal)));
      sockets.close();
    },
  };
}

function createProtocol(options: WebSocketOptions): Server<Session> {
  const { operations, authenticate, limits, quotas, connections, persistedQueries } = options;
  function finish({ extra }: Context<Params, Session>, id: string): void {
    extra.running.delete(id);
  }
  return makeServer<Params, Session>({
    connectionInitWaitTimeout: limits.connectionInitTimeoutMs,
    async onConnect({ extra, connectionParams }) {
      const { socket, request } = extra;
      try {
        const given = authorizationOf(connectionParams) ?? request.headers.authorization;
        extra.identity = await authenticate(given);
      } catch (error) {
        if (!(error instanceof GraphQLError)) throw error;
        socket.close(closeCodeOf(error), error.message.slice(0, reasonLengthMax));
        return false;
      }
      const { actor, expiresAtMs } = extra.identity;
      const leave = quotas.ofActor.take(actor);
      if (leave === null) {
        socket.close(4429, 'too many WebSockets and event streams of this actor');
        return false;
      }
      socket.once('close', leave);
      connections.admit(request.socket);
      const cancel = deadline(expiresAtMs, () => socket.close(4403, tokenExpired));
      socket.once('close', cancel);
      return true;
    },
    async onSubscribe({ extra }, id, payload) {
      const { identity, running, capacity } = extra;
      if (identity === null || extra.isStopping) return [unavailable()];
      if (running.size >= limits.operationsPerSocketMax) return [tooManyOperations(limits)];
      const own = { abort: new AbortController(), isSubscription: false };
      running.set(id, own);
      const waiting = capacity.wait();
      if (waiting !== null) await waiting;
      const { actor, roles } = identity;
      const origin = { actor, roles, transport: 'websocket', abort: own.abort } as const;
      const params = persistedQueries.complete(payload);
      if (params instanceof GraphQLError) {
        return holdBackSocket(operations, extra, operations.refuse([params], identity));
      }
      const prepared = await operations.prepare(params, origin);
      if (!('kind' in prepared)) return holdBackSocket(operations, extra, prepared);
      own.isSubscription = prepared.kind === 'subscription';
      return { ...prepared, session: extra, id };
    },
    // graphql-ws passes on the value that `onSubscribe` returned.
    execute: (args) => operations.execute(args as Operation),
    async subscribe(args) {
      const operation = args as SocketOperation;
      const frames = await operations.subscribe(operation);
      return 'next' in frames ? sendFrames(operation.session, operation.id, frames) : frames;
    },
    onComplete: finish,
    onError: finish,
  });
}

/** The connection parameter `authorization`, whatever the case of its name. */
function authorizationOf(params: Params | undefined): unknown {
  const name = Object.keys(params ?? {}).find((key) => key.toLowerCase() === 'authorization');
  return name === undefined ? undefined : params?.[name];
}

/**
 * Binds a socket of ws to graphql-ws.
 *
 * The binding of graphql-ws (`graphql-ws/use/ws`) does the same, but has no limits and writes
 * faults of peers to the console. As there, a result is requested only when the kernel has the
 * previous frame, which the callback of `send` reports. So one frame for each message being handled
 * waits for a slow reader, and the number of these messages is bounded.
 */
function open(protocol: Server<Session>, session: Session, options: WebSocketOptions): void {
  const { socket } = session;
  const { limits, log, persistedQueries } = options;
  const pendingMax = limits.operationsPerSocketMax + otherMessagesMax;

  async function handle(callback: (text: string) => Promise<void>, text: string): Promise<void> {
    if (session.pendingMessages >= pendingMax) return socket.close(4429, tooManyMessages);
    session.pendingMessages += 1;
    try {
      await callback(text);
    } catch (error) {
      if (socket.readyState !== socket.OPEN) return;
      log.error({ err: error }, 'a WebSocket message failed');
      socket.close(1011, 'Internal error');
    } finally {
      session.pendingMessages -= 1;
    }
  }

  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => sendText(socket, text),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (callback) =>
        socket.on('message', (data) => handle(callback, withQuery(persistedQueries, String(data)))),
    },
    session,
  );
  socket.once('close', (code, reason) => {
    for (const { abort } of session.running.values()) abort.abort();
    closed(code, String(reason)).catch((error: unknown) => {
      log.error({ err: error }, 'a closed WebSocket could not be cleaned up');
    });
  });
}

const tooManyMessages = 'too many messages that are not answered yet';

const elsewhere: TransportError = {
  status: 404,
  code: 'NOT_FOUND',
  message: 'WebSockets are served at /graphql',
};

function serverFull({ socketsMax }: TransportLimits): TransportError {
  const message = `all ${socketsMax} WebSockets of this server are in use: try again later`;
  return full('TOO_MANY_SOCKETS', message);
}

function addressFull({ socketsPerAddressMax: max }: TransportLimits): TransportError {
  const message = `an address may have at most ${max} WebSockets and event streams open`;
  return exceeded('TOO_MANY_SOCKETS', message);
}

/** Clients connect again after 1013, and after 4403 with a renewed token, but not after 4401. */
function closeCodeOf(error: GraphQLError): number {
  if (codeOf(error) === 'UNAVAILABLE') return 1013;
  return error.message === tokenExpired ? 4403 : 4401;
}

function unavailable(): GraphQLError {
  return codedError('UNAVAILABLE', 'the server is stopping');
}

function tooManyOperations({ operationsPerSocketMax }: TransportLimits): GraphQLError {
  const message = `at most ${operationsPerSocketMax} operations may run at once on one WebSocket`;
  return codedError('TOO_MANY_OPERATIONS', message);
}
