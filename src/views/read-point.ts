import type { StoredEvent } from '../kernel/event.ts';

/**
 * Where a read stands: at a sequence of the log, or at the state that a dry run would lead to. Almost
 * all reads are of the first kind, so it is a plain number.
 */
export type ReadPoint = number | WouldBe;

/** The state that a dry run would lead to: the log up to a sequence, then the proposed events. */
export interface WouldBe {
  /** The head of the log on which the dry run was decided. */
  readonly sequence: number;
  /** As if recorded right after it. */
  readonly events: readonly StoredEvent[];
}

/** The sequence up to which the log counts at a read point. */
export function sequenceOf(at: ReadPoint): number {
  return typeof at === 'number' ? at : at.sequence;
}

/**
 * The sequence to show for something that changed last at `sequence`. A proposed event has no place in
 * the log: for what it changes this is the head on which the dry run was decided.
 */
export function shownSequence(sequence: number, at: ReadPoint): number {
  return Math.min(sequence, sequenceOf(at));
}
