import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from '../../lib/logger.ts';
import { createAccess } from './access.ts';
import { createActorLimiter } from './actor-limiter.ts';
import { type ActorLimits, defaultActorLimits } from './actor-limits.ts';
import { type AuthenticationSettings, createAuthentication } from './authentication.ts';
import { trackConnections } from './connections.ts';
import { createEventStreams } from './event-streams.ts';
import {
  type Example,
  graphiqlDisabledPage,
  type Page,
  type RenderGraphiQL,
  renderGraphiqlPage,
} from './graphiql.ts';
import { createGraphQLAnswer } from './graphql-request.ts';
import { createRequestListener, type Readiness } from './http.ts';
import { defaultLimits, type OperationLimits } from './limits.ts';
import { type CreateContext, createOperations } from './operation.ts';
import { createPersistedQueries } from './persisted-queries.ts';
import { createQuotas } from './quotas.ts';
import { createStalled } from './stalled.ts';
import { defaultTransportLimits, type TransportLimits } from './transport-limits.ts';
import type { TrustedDocuments } from './trusted-documents.ts';
import { createWebSockets, type WebSockets } from './websocket.ts';

export interface ApiServerOptions {
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
  readonly schema: GraphQLSchema;
  /** Called once for each operation, after it has passed every check. */
  readonly createContext: CreateContext;
  /** If null, every client is the operator, and only loopback hosts and origins are accepted. */
  readonly authentication: AuthenticationSettings;
  /** Called for `/health/ready`: status 200 if `ready` is true, else 503, as when it throws. */
  readonly ready: () => Promise<Readiness>;
  readonly examples: readonly Example[];
  readonly log: Logger;
  readonly limits?: Partial<OperationLimits & TransportLimits>;
  /** What each actor may do, by its roles; `defaultActorLimits` if absent. */
  readonly actorLimits?: ActorLimits;
  /** Other origins whose pages may use this server; none by default. */
  readonly corsOrigins?: readonly string[];
  /** Whether browsers get the page GraphiQL; true by default. */
  readonly graphiql?: boolean;
  /** Whether clients may ask for the schema; true by default. */
  readonly introspection?: boolean;
  readonly renderGraphiQL?: RenderGraphiQL;
  /** If given, only these documents run, and GraphiQL is disabled. */
  readonly trustedDocuments?: TrustedDocuments | null;
}

export interface ApiServer {
  /** The address without a path, such as http://127.0.0.1:4000. */
  readonly url: string;
  /** Closes the WebSockets with a subscription, because the log that they watch was replaced. */
  endWatching(reason: string): void;
  /** Forgets all texts of clients and answers, because a person has been forgotten. */
  forgetTexts(): void;
  /**
   * Accepts no more connections, ends subscriptions, and waits for running operations, at most for
   * `stopTimeoutMs`.
   * Idempotent; resolves when every connection is closed.
   */
  stop(): Promise<void>;
}

/** Another program listens on the port of this server. */
export class PortTakenError extends Error {
  readonly code = 'PORT_TAKEN';
  constructor(host: string, port: number, cause: unknown) {
    super(`port ${port} on ${host} is in use: stop the other program or set PORT`, { cause });
    this.name = 'PortTakenError';
  }
}

/**
 * Serves a schema over HTTP, server-sent events and WebSocket.
 *
 * @throws PortTakenError, or another error that prevents it from listening
 */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { host, port, schema, createContext, ready, log } = options;
  const limits = { ...defaultLimits, ...defaultTransportLimits, ...options.limits };
  const authenticate = await createAuthentication(options.authentication, log);
  const isAuthenticated = options.authentication !== null;
  const access = createAccess(isAuthenticated, new Set(options.corsOrigins));
  const { trustedDocuments: trusted = null, introspection = true } = options;
  const operations = createOperations({
    schema,
    createContext,
    limits,
    limiter: createActorLimiter(options.actorLimits ?? defaultActorLimits),
    log,
    introspection,
    ...(trusted && { isTrusted: trusted.has }),
  });
  const persistedQueries = createPersistedQueries(trusted);
  const quotas = createQuotas(limits, isAuthenticated);
  const stalled = createStalled(limits.stallTimeoutMs, log);
  const streams = createEventStreams({ operations, limits, quotas });
  let stopping: Promise<void> | null = null;

  const server = createHttpServer(limits);
  const connections = trackConnections(server, limits);
  const sockets = createWebSockets({
    operations,
    persistedQueries,
    authenticate,
    checkAccess: access.checkUpgrade,
    limits,
    quotas,
    connections,
    stalled,
    log,
  });
  const onRequest = createRequestListener({
    answerGraphQL: createGraphQLAnswer({ operations, streams, persistedQueries, isAuthenticated }),
    authenticate,
    access,
    ready: async () => (stopping === null ? ready() : { ready: false, stopping: true }),
    graphiql: pageFor(options),
    bodyBytesMax: limits.bodyBytesMax,
    admit: connections.admit,
    watchResponse: stalled.watchResponse,
    log,
  });
  server.on('request', (request, response) => {
    if (!connections.isRefused(request.socket)) onRequest(request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    if (!connections.isRefused(request.socket)) sockets.upgrade(request, socket, head);
  });
  const closeUnused = trackUnused(server);
  await listen(server, host, port);

  return {
    url: urlOf(server, host),
    endWatching: sockets.endWatching,
    forgetTexts() {
      operations.forgetTexts();
      persistedQueries.forget();
    },
    stop() {
      stopping ??= stopServer(server, sockets, limits.stopTimeoutMs);
      streams.stop();
      closeUnused();
      return stopping;
    },
  };
}

function createHttpServer(limits: TransportLimits): Server {
  return createServer({
    requestTimeout: limits.requestTimeoutMs,
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
  });
}

/** The page for browsers. */
function pageFor(options: ApiServerOptions): Page {
  const { trustedDocuments, graphiql = true, examples, renderGraphiQL } = options;
  if (!graphiql) return graphiqlDisabledPage('DAYBOOK_GRAPHIQL is false');
  if (trustedDocuments == null) return renderGraphiqlPage(examples, renderGraphiQL);
  return graphiqlDisabledPage('it runs only trusted documents, DAYBOOK_TRUSTED_DOCUMENTS');
}

async function stopServer(server: Server, sockets: WebSockets, timeoutMs: number): Promise<void> {
  const overdue = new AbortController();
  const timer = setTimeout(() => {
    overdue.abort();
    server.closeAllConnections();
  }, timeoutMs);
  // A connection that was busy at first becomes idle later, and would then be kept alive.
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await Promise.all([closed, sockets.stop(overdue.signal)]);
  clearTimeout(timer);
  clearInterval(sweep);
}

/**
 * Returns a function that closes connections without any request, such as those that browsers open
 * in advance: Node.js counts them as busy with their first request, so closing would wait for them.
 */
function trackUnused(server: Server): () => void {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  server.on('upgrade', ({ socket }) => unused.delete(socket));
  return () => {
    for (const socket of unused) socket.destroy();
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    function fail(error: NodeJS.ErrnoException): void {
      reject(error.code === 'EADDRINUSE' ? new PortTakenError(host, port, error) : error);
    }
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
