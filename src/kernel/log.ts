import type { JsonObject } from './event.ts';

/** An event ready to be appended, with its place in its stream but none in the log. */
export interface PendingEvent {
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  /** Null: when the log records it. */
  readonly occurredAt: string | null;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly data: JsonObject;
}

/** What a command with an idempotency key is answered, now and whenever it is sent again. */
export interface KeyedOutcome {
  readonly actor: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly commandId: string;
  readonly eventCount: number;
  /** Null: accepted. */
  readonly rejection: RecordedRejection | null;
}

export interface RecordedRejection {
  readonly code: string;
  readonly message: string;
  readonly data: JsonObject;
}

/** An outcome read back: the head right after the command, of which the last events are its own. */
export interface RecordedOutcome extends KeyedOutcome {
  readonly sequence: number;
}

/** An outcome that is about to be recorded: how many of its batch's events come up to its end. */
export interface PendingOutcome extends KeyedOutcome {
  readonly offset: number;
}

/** What is appended together, or not at all. */
export interface Batch {
  /** A UUID by which the append can be looked up when its answer was lost. */
  readonly id: string;
  /** The epoch of the log under which it was decided; null: it is not checked. */
  readonly epoch: number | null;
  /** Every stream that the batch's decisions rest on, as it was read. */
  readonly expected: ReadonlyMap<string, ExpectedStream>;
  /** All of it has to be recorded before this time; null: at any time. */
  readonly validUntil: string | null;
  readonly events: readonly PendingEvent[];
  readonly outcomes: readonly PendingOutcome[];
}

/** A stream as it was read: counts alone do not name it, as a restored log counts again. */
export interface ExpectedStream {
  /** 0: the stream has no event. */
  readonly version: number;
  /** The id of its last event; null when it has none, or when only the version is checked. */
  readonly lastEventId: string | null;
}

/** Where the log put a batch: event `i` has `firstSequence + i`, `i` microseconds after `recordedAt`. */
export interface Appended {
  readonly firstSequence: number;
  readonly recordedAt: string;
  /** The event before the first one; null: there is none. */
  readonly previousId: string | null;
}
