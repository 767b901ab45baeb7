/** What a connection may take, in every unit that a stranger could use up. */
export interface TransportLimits {
  /** Of one HTTP body, and of one WebSocket message. */
  readonly bodyBytesMax: number;
  readonly messageBytesMax: number;
  /** TCP connections of all kinds. */
  readonly connectionsMax: number;
  /** Connections on which nothing has been authorized yet, and how long each may remain so. */
  readonly unauthenticatedMax: number;
  readonly unauthenticatedTimeoutMs: number;
  /** WebSockets, and event streams. */
  readonly socketsMax: number;
  readonly streamsMax: number;
  /** WebSockets and event streams together. */
  readonly socketsPerActorMax: number;
  readonly socketsPerAddressMax: number;
  readonly operationsPerSocketMax: number;
  /** A WebSocket is given no more frames and answers while more than this waits to be sent. */
  readonly bufferBytesMax: number;
  /** A reader that takes nothing of what is to be sent for so long is cut. */
  readonly stallTimeoutMs: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  readonly headersTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** From the opening of a WebSocket to its connection_init. */
  readonly connectionInitTimeoutMs: number;
  /** A WebSocket peer that has not answered a ping by the next one is cut. */
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
