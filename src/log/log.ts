import type { StoredEvent } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Appended, Batch, RecordedOutcome } from '../kernel/log.ts';
import type { Database } from '../postgres/database.ts';
import { appendBatch, findBatch, verifyVersions } from './append.ts';
import { createEventDecoder } from './codec.ts';
import { type Head, readHead, readSequenceAt } from './head.ts';
import { readOutcomes } from './outcomes.ts';
import { type EventFilter, type EventPage, readEvents } from './read.ts';
import {
  readSnapshots,
  readStreams,
  type SnapshotWish,
  type StoredSnapshot,
  type StreamWish,
  writeSnapshots,
} from './streams.ts';

/** The one log of a database. Every method is one statement, and atomic. */
export interface Log {
  append(batch: Batch): Promise<Appended>;
  findBatch(id: string): Promise<Appended | null>;
  /** The head, if every stream is at the given version there; else throws `StaleStreamsError`. */
  verify(expectedVersions: ReadonlyMap<string, number>): Promise<number>;
  head(): Promise<Head>;
  /** The last sequence recorded at or before `time`; null when `time` is in the future. */
  sequenceAt(time: string): Promise<number | null>;
  /** A page of events in order of sequence, ascending or descending. */
  events(filter: EventFilter, page: EventPage): Promise<readonly StoredEvent[]>;
  /** The events of some streams after a version each, in order of version within a stream. */
  streams(wishes: readonly StreamWish[]): Promise<readonly StoredEvent[]>;
  snapshots(wishes: readonly SnapshotWish[]): Promise<readonly StoredSnapshot[]>;
  writeSnapshots(snapshots: readonly StoredSnapshot[]): Promise<void>;
  outcomes(
    keys: readonly (readonly [actor: string, idempotencyKey: string])[],
  ): Promise<readonly RecordedOutcome[]>;
}

export function createLog(
  database: Database,
  definitions: ReadonlyMap<string, EventDefinition>,
): Log {
  const decode = createEventDecoder(definitions);
  return {
    append: (batch) => appendBatch(database, batch),
    findBatch: (id) => findBatch(database, id),
    verify: (versions) => verifyVersions(database, versions),
    head: () => readHead(database),
    sequenceAt: (time) => readSequenceAt(database, time),
    events: (filter, page) => readEvents(database, decode, filter, page),
    streams: (wishes) => readStreams(database, decode, wishes),
    snapshots: (wishes) => readSnapshots(database, wishes),
    writeSnapshots: (snapshots) => writeSnapshots(database, snapshots),
    outcomes: (keys) => readOutcomes(database, keys),
  };
}
