import type { NewEvent, StoredEvent } from './event.ts';

/**
 * One kind of stream and how its state follows from its events. Pure.
 *
 * `evolve` sees events as the log stores them. While a command is being decided, the places and
 * times of events that it has just recorded are provisional; decisions must not rest on them.
 * States are plain JSON, never changed in place: they are cached, snapshotted and rolled back.
 */
export interface Decider<State = unknown, Event extends NewEvent = NewEvent> {
  /** The part of a stream's id before the first hyphen. */
  readonly category: string;
  /** What is wrong with an id of this kind by its form; null: it may exist. Absent: any id may. */
  idFault?(id: string): string | null;
  /** Raised whenever `initial` or `evolve` changes meaning: older snapshots are then thrown away. */
  readonly version: number;
  readonly initial: State;
  evolve(state: State, event: Event & StoredEvent<Event['type'], Event['data']>): State;
}

/** A stream's state and its version; version 0 is a stream that does not exist yet. */
export interface Loaded<State> {
  readonly state: State;
  readonly version: number;
}

export function streamIdOf(decider: { readonly category: string }, id: string): string {
  return `${decider.category}-${id}`;
}

/** The entity's id in a stream id: what follows the first hyphen. */
export function entityIdOf(streamId: string): string {
  return streamId.slice(streamId.indexOf('-') + 1);
}
