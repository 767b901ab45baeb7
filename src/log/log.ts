import type { KnownEvents } from '../kernel/context.ts';
import type { StoredEvent } from '../kernel/event.ts';
import type { Appended, Batch, ExpectedStream, RecordedOutcome } from '../kernel/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { appendEvents, findBatch, verifyStreams } from './append.ts';
import { createLogClock, type LogClock, readClock } from './clock.ts';
import { createEventDecoder, type EventDecoder } from './codec.ts';
import { raiseEpoch } from './epoch.ts';
import { DecisionLateError } from './errors.ts';
import { type Head, type LogEnd, lockHead, readHead } from './head.ts';
import { createMoments, type Moments, readSequenceAt } from './moments.ts';
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
  type SnapshotRequest,
  type StoredSnapshot,
  type StreamRequest,
  type WrittenSnapshot,
  writeSnapshots,
} from './streams.ts';
import { readTotals, type StreamTotals, type TotalsRequest } from './totals.ts';

/** What can be asked of the log. Every method but `events` is one statement at most, and atomic. */
export interface LogStatements {
  /** The epoch of the log as this process knows it; null until it has been read. */
  epoch(): number | null;
  append(batch: Batch): Promise<Appended>;
  findBatch(id: string): Promise<Appended | null>;
  /** Where the log ends, if every stream is as it was read; else throws `StaleStreamsError`. */
  verify(expected: ReadonlyMap<string, ExpectedStream>): Promise<LogEnd>;
  head(): Promise<Head>;
  /** The last sequence recorded at or before `time`; null when `time` is in the future. */
  sequenceAt(time: string): Promise<number | null>;
  /**
   * The time by the database's clock, behind it by some milliseconds at most, and never before one
   * that was given already. A promise when nothing has been heard of that clock for some seconds.
   */
  now(): string | Promise<string>;
  /** A page of events in order of sequence, ascending or descending, however far it has to look. */
  events(filter: EventFilter, page: EventPage): Promise<readonly StoredEvent[]>;
  /** As much of such a page as is found by looking at a bounded number of events. */
  scan(filter: EventFilter, page: EventPage): Promise<EventScan>;
  /** The events of some streams from a version each on, in order of version within a stream. */
  streams(requests: readonly StreamRequest[]): Promise<readonly StoredEvent[]>;
  /** What members of the events of some streams add up to. */
  totals(request: TotalsRequest): Promise<readonly StreamTotals[]>;
  snapshots(requests: readonly SnapshotRequest[]): Promise<readonly StoredSnapshot[]>;
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
  /** Says which epoch is known from here on: what was read under another has been let go. */
  useEpoch(epoch: number): void;
  /**
   * Raises the epoch if an event that was read under `epoch` is not in the log, and nobody has done so
   * already. Gives the epoch of the log.
   */
  raiseEpoch(epoch: number, missingId: string): Promise<number>;
  /** The same log, read over the connections for clients. */
  readonly reads: LogStatements;
}

export interface LogConnections {
  /** For appends, so that an append finds one free however many reads there are. */
  readonly writer?: Database | undefined;
  /** For what clients read. */
  readonly readers?: Database | undefined;
}

/** The log of `database`, whose connections also serve the purposes that have none of their own. */
export function createLog(
  database: Database,
  definitions: KnownEvents,
  { writer = database, readers = database }: LogConnections = {},
): Log {
  const decode = createEventDecoder(definitions);
  let epoch: number | null = null;
  const known: Known = {
    epoch: () => epoch,
    clock: createLogClock(),
    moments: createMoments(readers),
  };
  const { sequenceAt } = known.moments;
  return {
    ...bindStatements(database, decode, known),
    useEpoch(read) {
      epoch = read;
    },
    raiseEpoch: (under, missingId) => raiseEpoch(writer, under, missingId),
    sequenceAt,
    reads: { ...bindStatements(readers, decode, known), sequenceAt },
    append: bindStatements(writer, decode, known).append,
    exclusively: (work) =>
      writer.withTransaction(async (executor) => {
        await lockHead(executor);
        return work(bindStatements(executor, decode, known));
      }),
  };
}

/** What this process has learned of the log. */
interface Known {
  readonly epoch: () => number | null;
  readonly clock: LogClock;
  readonly moments: Moments;
}

function bindStatements(
  executor: Executor,
  decode: EventDecoder,
  { epoch, clock, moments }: Known,
): LogStatements {
  return {
    epoch,
    async append(batch) {
      const sentMs = performance.now();
      const appended = await appendEvents(executor, batch).catch((error: unknown) => {
        // Decided again before this process knows the time, it would be late again.
        if (error instanceof DecisionLateError) clock.note(error.recordedAt, sentMs);
        throw error;
      });
      clock.note(appended.recordedAt, sentMs);
      if (batch.events.length > 0) moments.note(appended.recordedAt);
      return appended;
    },
    findBatch: (id) => findBatch(executor, id),
    verify: (expected) => verifyStreams(executor, expected),
    head: () => readHead(executor),
    sequenceAt: (time) => readSequenceAt(executor, time),
    now: () => clock.now() ?? readClock(executor, clock),
    async events(filter, page) {
      const events = await readEvents(executor, decode, filter, page);
      moments.note(events.at(page.descending ? 0 : -1)?.recordedAt ?? '');
      return events;
    },
    scan: (filter, page) => scanEvents(executor, decode, filter, page),
    streams: (requests) => readStreams(executor, decode, requests),
    totals: (request) => readTotals(executor, request),
    snapshots: (requests) => readSnapshots(executor, requests),
    writeSnapshots: (snapshots) => writeSnapshots(executor, snapshots),
    outcomes: (keys) => readOutcomes(executor, keys),
  };
}
