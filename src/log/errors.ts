import { DatabaseUnreachableError, isConnectionLost, sqlStateOf } from '../postgres/errors.ts';

/** A stream of the batch has changed since it was loaded; nothing was written. */
export class StaleStreamsError extends Error {
  readonly code = 'STALE_STREAMS';
  /** `actual`: the version of each stale stream in the log. */
  constructor(readonly actual: ReadonlyMap<string, number>) {
    super(`these streams are not at the expected version: ${[...actual.keys()].join(', ')}`);
  }
}

/** The batch was not recorded before its decisions became invalid; nothing was written. */
export class DecisionLateError extends Error {
  readonly code = 'DECISION_LATE';
  /** `recordedAt`: the time at which the batch would have been recorded. */
  constructor(readonly recordedAt: string) {
    super(`the batch would be recorded at ${recordedAt}, when its decisions are no longer valid`);
  }
}

/** Some of the batch's idempotency keys already have an outcome; nothing was written. */
export class KeysUsedError extends Error {
  readonly code = 'KEYS_USED';
  constructor(readonly keys: readonly (readonly [actor: string, idempotencyKey: string])[]) {
    super(`these idempotency keys are already used: ${keys.map(([, key]) => key).join(', ')}`);
  }
}

/** An event, and the epoch of the log under which it was read. */
export interface MissingEvent {
  readonly id: string;
  readonly epoch: number;
}

/**
 * The log no longer contains what this process has read: its last commits were lost in a failover
 * or a restore. This process or another one has detected the loss. Nothing was written.
 */
export class LogReplacedError extends Error {
  readonly code = 'LOG_REPLACED';
  /** `missing`: an event that was read and may not be in the log; null if none is known. */
  constructor(readonly missing: MissingEvent | null = null) {
    super('the log was restored to an earlier state and its last events are lost: start again');
  }
}

/** What was asked for needs events that are in files, not in the database; nothing was written. */
export class ArchivedError extends Error {
  override readonly name = 'ArchivedError';
  readonly code = 'ARCHIVED';

  /** `through`: the last archived event. `isComing`: whether a server is fetching it back. */
  constructor(
    readonly through: number,
    readonly isComing = false,
  ) {
    super(
      `the events up to ${through} are archived, the first one here is ${through + 1}: ` +
        (isComing
          ? 'they are being fetched back, try again later'
          : 'fetch them back with daybook archive --restore --in DIR'),
    );
  }
}

/** Whether a failed statement may have taken effect: its connection was lost while it ran. */
export function isOutcomeUnknown(error: unknown): boolean {
  return isConnectionLost(error) && !(error instanceof DatabaseUnreachableError);
}

/**
 * Whether a statement failed for a transient reason: the connection was lost, the server ran out of
 * time, locks, memory or disk space, or it is a standby now. The same statement can be sent again.
 */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error) ?? '';
  return isConnectionLost(error) || state.startsWith('53') || transientStates.has(state);
}

/** Serialization failure, deadlock, lock not available, canceled by a timeout, read-only. */
const transientStates = new Set(['40001', '40P01', '55P03', '57014', '25006']);
