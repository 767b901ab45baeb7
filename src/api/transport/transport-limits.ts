/** The limits of connections, for every resource that an unknown client could exhaust. */
export interface TransportLimits {
  /** The size of one HTTP body, and of one WebSocket message. */
  readonly bodyBytesMax: number;
  readonly messageBytesMax: number;
  /** TCP connections of all kinds. */
  readonly connectionsMax: number;
  /** Connections without an authorized request, and how long each may remain without one. */
  readonly unauthenticatedMax: number;
  readonly unauthenticatedTimeoutMs: number;
  /** WebSockets, and event streams. */
  readonly socketsMax: number;
  readonly streamsMax: number;
  /** WebSockets and event streams together, of one actor and of one address. */
  readonly socketsPerActorMax: number;
  readonly socketsPerAddressMax: number;
  /** Operations that run at the same time on one WebSocket. */
  readonly operationsPerSocketMax: number;
  /** A WebSocket gets no more frames and answers while more than this waits to be sent. */
  readonly bufferBytesMax: number;
  /** A client that has read nothing of its waiting data for this long is disconnected. */
  readonly stallTimeoutMs: number;
  /** The time from the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** The time from the start of a WebSocket to its connection_init. */
  readonly connectionInitTimeoutMs: number;
  /** A WebSocket peer that has not answered a ping by the next one is disconnected. */
  readonly pingIntervalMs: number;
  /** How long running operations may take to finish once the server stops. */
  readonly stopTimeoutMs: number;
}

export const defaultTransportLimits: TransportLimits = {
  bodyBytesMax: 256 * 1024,
  messageBytesMax: 128 * 1024,
  connectionsMax: 25_000,
  unauthenticatedMax: 1_000,
  unauthenticatedTimeoutMs: 5_000,
  socketsMax: 20_000,
  streamsMax: 20_000,
  socketsPerActorMax: 5_000,
  socketsPerAddressMax: 20_000,
  operationsPerSocketMax: 100,
  bufferBytesMax: 1024 * 1024,
  stallTimeoutMs: 15_000,
  requestTimeoutMs: 15_000,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 60_000,
  connectionInitTimeoutMs: 5_000,
  pingIntervalMs: 12_000,
  stopTimeoutMs: 10_000,
};
