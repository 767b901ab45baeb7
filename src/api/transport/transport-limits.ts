/** What a connection may take, in every unit that a stranger could use up. */
export interface TransportLimits {
  /** Of one HTTP body, and of one WebSocket message. */
  readonly bodyBytesMax: number;
  readonly messageBytesMax: number;
  readonly socketsMax: number;
  readonly streamsMax: number;
  readonly operationsPerSocketMax: number;
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
  socketsMax: 1_000,
  streamsMax: 1_000,
  operationsPerSocketMax: 100,
  requestTimeoutMs: 15_000,
  headersTimeoutMs: 10_000,
  keepAliveTimeoutMs: 60_000,
  connectionInitTimeoutMs: 5_000,
  pingIntervalMs: 12_000,
  stopTimeoutMs: 10_000,
};
