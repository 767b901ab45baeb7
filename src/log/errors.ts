import { DatabaseUnreachableError, isConnectionLost, sqlStateOf } from '../postgres/errors.ts';

/** The log has moved on since the batch's streams were loaded; nothing was written. */
export class StaleStreamsError extends Error {
  readonly code = 'STALE_STREAMS';
  /** `actual`: the version of each stale stream in the log. */
  constructor(readonly actual: ReadonlyMap<string, number>) {
    super(`not at the expected version: ${[...actual.keys()].join(', ')}`);
  }
}

/** The batch could not be recorded before the time until which its decisions hold; nothing was written. */
export class DecisionLateError extends Error {
  readonly code = 'DECISION_LATE';
  /** `recordedAt`: when it would have been recorded. */
  constructor(readonly recordedAt: string) {
    super(`it would be recorded at ${recordedAt}, after it has ceased to hold`);
  }
}

/** Some of the batch's idempotency keys have an outcome already; nothing was written. */
export class KeysUsedError extends Error {
  readonly code = 'KEYS_USED';
  constructor(readonly keys: readonly (readonly [actor: string, idempotencyKey: string])[]) {
    super(`used before: ${keys.map(([, key]) => key).join(', ')}`);
  }
}

/** An event, and the epoch of the log under which it was read. */
export interface MissingEvent {
  readonly id: string;
  readonly epoch: number;
}

/**
 * The log does not hold what this process has read of it: its last commits were lost by a failover or
 * a restore, or another process has noticed that. Nothing was written.
 */
export class LogReplacedError extends Error {
  readonly code = 'LOG_REPLACED';
  /** `missing`: an event that was read and may not be in the log; null when none is known. */
  constructor(readonly missing: MissingEvent | null = null) {
    super('the log was restored to an earlier state: its last events are gone; begin again');
  }
}

/** Whether it is unknown if a failed statement took effect: its connection was lost under way. */
export function isOutcomeUnknown(error: unknown): boolean {
  return isConnectionLost(error) && !(error instanceof DatabaseUnreachableError);
}

/**
 * Whether a statement failed for a reason that passes: the connection was lost, or the server was
 * out of time, locks or room, or is a standby now. Nothing is wrong with the statement: it can be
 * sent again.
 */
export function isTransient(error: unknown): boolean {
  const state = sqlStateOf(error) ?? '';
  return isConnectionLost(error) || state.startsWith('53') || transientStates.has(state);
}

/** Serialization failure, deadlock, lock not available, cancelled at a time-out, read-only. */
const transientStates = new Set(['40001', '40P01', '55P03', '57014', '25006']);
