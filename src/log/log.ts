import type { StoredEvent } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Appended, Batch, RecordedOutcome } from '../kernel/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { appendBatch, findBatch, verifyVersions } from './append.ts';
import { createEventDecoder, type EventDecoder } from './codec.ts';
import { type Head, lockHead, readHead, readSequenceAt } from './head.ts';
import { readOutcomes } from './outcomes.ts';
import {
  type EventFilter,
  type EventPage,
  type EventScan,
  readEvents,
  scanEvents,
} from './read.ts';
import {
  readSnapshots,
  readStreams,
  type SnapshotWish,
  type StoredSnapshot,
  type StreamWish,
  type WrittenSnapshot,
  writeSnapshots,
} from './streams.ts';

/** What can be asked of the log. Every method but `events` is one statement, and atomic. */
export interface LogStatements {
  append(batch: Batch): Promise<Appended>;
  findBatch(id: string): Promise<Appended | null>;
  /** The head, if every stream is at the given version there; else throws `StaleStreamsError`. */
  verify(expectedVersions: ReadonlyMap<string, number>): Promise<Head>;
  head(): Promise<Head>;
  /** The last sequence recorded at or before `time`; null when `time` is in the future. */
  sequenceAt(time: string): Promise<number | null>;
  /** A page of events in order of sequence, ascending or descending, however far it has to look. */
  events(filter: EventFilter, page: EventPage): Promise<readonly StoredEvent[]>;
  /** As much of such a page as is found by looking at a bounded number of events. */
  scan(filter: EventFilter, page: EventPage): Promise<EventScan>;
  /** The events of some streams after a version each, in order of version within a stream. */
  streams(wishes: readonly StreamWish[]): Promise<readonly StoredEvent[]>;
  snapshots(wishes: readonly SnapshotWish[]): Promise<readonly StoredSnapshot[]>;
  writeSnapshots(snapshots: readonly WrittenSnapshot[]): Promise<void>;
  outcomes(
    keys: readonly (readonly [actor: string, idempotencyKey: string])[],
  ): Promise<readonly RecordedOutcome[]>;
}

/** The one log of a database. */
export interface Log extends LogStatements {
  /**
   * Runs the work while nobody else can append, and appends what it appends in the same
   * transaction. When it throws with `isOutcomeUnknown`, `findBatch` tells what became of it; under
   * `exclusively` its answer is the last word.
   */
  exclusively<T>(work: (log: LogStatements) => Promise<T>): Promise<T>;
}

/** `writer`: connections of which appends find one free, however many reads there are. */
export function createLog(
  database: Database,
  definitions: ReadonlyMap<string, EventDefinition>,
  writer: Database = database,
): Log {
  const decode = createEventDecoder(definitions);
  return {
    ...bindStatements(database, decode),
    append: (batch) => appendBatch(writer, batch),
    exclusively: (work) =>
      writer.withTransaction(async (executor) => {
        await lockHead(executor);
        return work(bindStatements(executor, decode));
      }),
  };
}

function bindStatements(executor: Executor, decode: EventDecoder): LogStatements {
  return {
    append: (batch) => appendBatch(executor, batch),
    findBatch: (id) => findBatch(executor, id),
    verify: (versions) => verifyVersions(executor, versions),
    head: () => readHead(executor),
    sequenceAt: (time) => readSequenceAt(executor, time),
    events: (filter, page) => readEvents(executor, decode, filter, page),
    scan: (filter, page) => scanEvents(executor, decode, filter, page),
    streams: (wishes) => readStreams(executor, decode, wishes),
    snapshots: (wishes) => readSnapshots(executor, wishes),
    writeSnapshots: (snapshots) => writeSnapshots(executor, snapshots),
    outcomes: (keys) => readOutcomes(executor, keys),
  };
}
