export type Transport = 'http' | 'sse' | 'websocket';

/** What a request may say about itself beside its operation. */
export interface RequestHints {
  /** Wait until the views have seen this sequence; null when it does not matter. */
  readonly minSequence: string | null;
  /** What this operation belongs to in the caller's eyes; null when it does not say. */
  readonly correlationId: string | null;
}

/** What is known of an operation before its context exists. */
export interface OperationInit extends RequestHints {
  readonly actor: string;
  readonly transport: Transport;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}
