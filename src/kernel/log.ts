import type { PendingRecord } from './command-record.ts';
import type { JsonObject } from './event.ts';

/** An event ready to be appended. It has a version in its stream, but no sequence number yet. */
export interface PendingEvent {
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  /** Null for the time of recording. */
  readonly occurredAt: string | null;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly data: JsonObject;
}

/** The answer to a command with an idempotency key, returned whenever the command is sent again. */
interface KeyedOutcome {
  readonly actor: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly commandId: string;
  readonly eventCount: number;
  /** Null if the command was accepted. */
  readonly rejection: RecordedRejection | null;
}

export interface RecordedRejection {
  readonly code: string;
  readonly message: string;
  readonly data: JsonObject;
  /** True if the caller lacked the right, even if `code` says that something does not exist. */
  readonly isForbidden?: boolean;
}

/**
 * A recorded outcome. `sequence` is the head of the log right after the command. The last
 * `eventCount` events up to it are those of the command.
 */
export interface RecordedOutcome extends KeyedOutcome {
  readonly sequence: number;
}

/**
 * An outcome to be recorded. `offset` is the number of events in its batch up to and including
 * those of its command.
 */
export interface PendingOutcome extends KeyedOutcome {
  readonly offset: number;
}

/** A batch of events, outcomes and records of commands that are appended atomically. */
export interface Batch {
  /** A UUID by which the append can be looked up if its answer was lost. */
  readonly id: string;
  /** The epoch of the log under which the batch was decided; null if it is not checked. */
  readonly epoch: number | null;
  /** Every stream that the decisions depend on, as it was read. */
  readonly expected: ReadonlyMap<string, ExpectedStream>;
  /** The time before which the whole batch must be recorded; null if there is no limit. */
  readonly validUntil: string | null;
  readonly events: readonly PendingEvent[];
  readonly outcomes: readonly PendingOutcome[];
  /** The records of all its commands, in the order in which they take effect. */
  readonly records: readonly PendingRecord[];
}

/**
 * A stream as it was read. Its version alone does not identify it, because a restored log assigns
 * the same versions again.
 */
export interface ExpectedStream {
  /** 0 if the stream has no event. */
  readonly version: number;
  /** The id of its last event. Null if it has none, or if only the version is to be checked. */
  readonly lastEventId: string | null;
}

/**
 * Where a batch was appended: event `i` has the sequence number `firstSequence + i` and the time
 * `recordedAt` plus `i` microseconds.
 */
export interface Appended {
  readonly firstSequence: number;
  readonly recordedAt: string;
  /** The id of the event before the first one; null if there is none. */
  readonly previousId: string | null;
}
