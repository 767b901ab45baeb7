/** A row of the log as COPY sends it: each value as text, null for an SQL null. */
export type LogValues = readonly (string | null)[];

/**
 * The columns of a row in the order in which they are hashed: see docs/log-format.md. The hash in
 * hexadecimal follows them, if the row has one.
 */
export const eventColumns = [
  'sequence',
  'stream_id',
  'version',
  'id',
  'type',
  'schema_version',
  'recorded_at',
  'occurred_at',
  'actor',
  'command_id',
  'correlation_id',
  'causation_id',
  'data',
] as const;
export const outcomeColumns = [
  'actor',
  'idempotency_key',
  'fingerprint',
  'command_id',
  'sequence',
  'event_count',
  'rejection',
] as const;
export const batchColumns = [
  'recorded_at',
  'first_sequence',
  'event_count',
  'batch_id',
  'size',
  'records',
] as const;

/** One row of the log, in the order of an export. */
export type LogRow =
  | { readonly kind: 'event'; readonly values: LogValues; readonly hash: string }
  /** The outcome of a command under a key, before the row of its batch. */
  | { readonly kind: 'outcome'; readonly values: LogValues; readonly recordedAt: string }
  /** A batch of commands, after its events and outcomes, with the terms by which it is found. */
  | {
      readonly kind: 'batch';
      readonly values: LogValues;
      readonly hash: string;
      readonly terms: readonly number[];
    };
