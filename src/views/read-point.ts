import type { StoredEvent } from '../kernel/event.ts';

/**
 * The state at which views are read: the log up to a sequence, or the state that would result from
 * a dry run. A plain number is the state now, as an operation reads it.
 */
export type ReadPoint = number | Past | WouldBe;

/** The log up to a sequence that the client asked for, by `asOf` or by an id with a moment. */
export interface Past {
  readonly sequence: number;
}

/**
 * The state that would result from a dry run: the log up to a sequence, then the proposed events.
 */
export interface WouldBe {
  /** The sequence of the head on which the dry run was decided. */
  readonly sequence: number;
  /** The proposed events, as if recorded right after it. */
  readonly events: readonly StoredEvent[];
}

/** Whether the state is that of a dry run. */
export function isWouldBe(at: ReadPoint): at is WouldBe {
  return typeof at !== 'number' && 'events' in at;
}

/** The last sequence of the log that a read at this point includes. */
export function baseSequenceOf(at: ReadPoint): number {
  return typeof at === 'number' ? at : at.sequence;
}

/**
 * The sequence to show for a document that last changed at `sequence`. A proposed event has no
 * sequence in the log: a document that it changes shows the head on which the dry run was decided.
 */
export function shownSequence(sequence: number, at: ReadPoint): number {
  return Math.min(sequence, baseSequenceOf(at));
}
