import type { NewEvent, StoredEvent } from './event.ts';

/**
 * A kind of stream, and how its state follows from its events. Pure.
 *
 * `evolve` gets events as the log stores them. While a command is being decided, the sequence
 * numbers and times of events that it has just recorded are provisional; decisions must not depend
 * on them. States are plain JSON and are never changed in place, because they are cached,
 * snapshotted and rolled back.
 */
export interface Decider<State = unknown, Event extends NewEvent = NewEvent> {
  /** The part of a stream id before the first hyphen. */
  readonly category: string;
  /** What is wrong with the form of an id; null if it is valid. Absent: every id is valid. */
  idFault?(id: string): string | null;
  /**
   * Must be raised whenever the meaning of `initial` or `evolve` changes, to discard older
   * snapshots.
   */
  readonly version: number;
  readonly initial: State;
  evolve(state: State, event: Event & StoredEvent<Event['type'], Event['data']>): State;
}

/** The state and version of a stream; version 0 means that the stream does not exist yet. */
export interface Loaded<State> {
  readonly state: State;
  readonly version: number;
}

export function streamIdOf(decider: { readonly category: string }, id: string): string {
  return `${decider.category}-${id}`;
}

/** The entity id in a stream id: the part after the first hyphen. */
export function entityIdOf(streamId: string): string {
  return streamId.slice(streamId.indexOf('-') + 1);
}
