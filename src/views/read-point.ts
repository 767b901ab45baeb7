import type { StoredEvent } from '../kernel/event.ts';

/**
 * The state at which views are read: a sequence of the log, or the state that would result from a
 * dry run. Almost all reads are at a sequence, so that is a plain number.
 */
export type ReadPoint = number | WouldBe;

/**
 * The state that would result from a dry run: the log up to a sequence, then the proposed events.
 */
export interface WouldBe {
  /** The sequence of the head on which the dry run was decided. */
  readonly sequence: number;
  /** The proposed events, as if recorded right after it. */
  readonly events: readonly StoredEvent[];
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
