import type { CommandRecord } from '../kernel/command-record.ts';
import type { KnownEvents } from '../kernel/context.ts';
import type { StoredEvent } from '../kernel/event.ts';
import type { Appended, Batch, ExpectedStream, RecordedOutcome } from '../kernel/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { appendEvents, findBatch, verifyStreams } from './append.ts';
import { readArchived } from './archive.ts';
import { createLogClock, type LogClock, readClock } from './clock.ts';
import { createEventDecoder, type EventDecoder } from './codec.ts';
import { raiseEpoch } from './epoch.ts';
import { ArchivedError, DecisionLateError } from './errors.ts';
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
import type { CommandRecordFilter } from './record-batches.ts';
import {
  type RecordedBy,
  type RecordPage,
  type RecordScan,
  type RecordsEndNow,
  readRecordsEnd,
  readRecordsOf,
  scanRecords,
} from './records.ts';
import {
  readSnapshots,
  readStreams,
  type SnapshotRequest,
  type StoredSnapshot,
  type StreamRequest,
  type StreamTails,
  type WrittenSnapshot,
  writeSnapshots,
} from './streams.ts';
import { readTotals, type StreamTotals, type TotalsRequest } from './totals.ts';

/**
 * The operations of a log. Each is atomic and at most one statement, except `events` and `records`.
 */
export interface LogStatements {
  /** The epoch of the log that this process knows; null until it has been read. */
  epoch(): number | null;
  /** Appends a batch as a whole; see `appendEvents` for its errors. */
  append(batch: Batch): Promise<Appended>;
  /** Looks up a batch by its id; see `findBatch` for what null means. */
  findBatch(id: string): Promise<Appended | null>;
  /** The end of the log if every stream is as it was read; else throws `StaleStreamsError`. */
  verify(expected: ReadonlyMap<string, ExpectedStream>): Promise<LogEnd>;
  head(): Promise<Head>;
  /** The last sequence recorded at or before `time`; null when `time` is in the future. */
  sequenceAt(time: string): Promise<number | null>;
  /**
   * The time by the database's clock: at most a few milliseconds behind it, and never before a time
   * returned earlier. A promise if the database has returned no time in the last five seconds.
   */
  now(): string | Promise<string>;
  /**
   * A whole page of events in order of sequence, ascending or descending; may scan the whole log.
   */
  events(filter: EventFilter, page: EventPage): Promise<readonly StoredEvent[]>;
  /** The part of such a page that is found by scanning a bounded number of events. */
  scan(filter: EventFilter, page: EventPage): Promise<EventScan>;
  /** The part of a page of command records that is found by reading a bounded number of batches. */
  records(filter: CommandRecordFilter, page: RecordPage): Promise<RecordScan>;
  /** The records of the commands of some events, by command id; older commands have none. */
  recordsOf(events: readonly RecordedBy[]): Promise<ReadonlyMap<string, CommandRecord>>;
  /** Where the command records up to a sequence end now. */
  recordsEnd(sequence: number): Promise<RecordsEndNow>;
  /**
   * The events of some streams that are here, each from a given version on, in order of version in
   * a stream; at most `streamEventsMax` of each.
   */
  streams(requests: readonly StreamRequest[]): Promise<StreamTails>;
  /** The error for what needs archived events; with the setting, they are being fetched back. */
  archived(): Promise<ArchivedError>;
  /** The sums of given members of the events in given streams. */
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
   * Runs the work in one transaction that holds the lock of the head: no other process can append
   * in between. If it throws an error for which `isOutcomeUnknown` is true, `findBatch` shows
   * whether the batch was recorded; that answer is final if `findBatch` runs in `exclusively` as
   * well.
   */
  exclusively<T>(work: (log: LogStatements) => Promise<T>): Promise<T>;
  /**
   * Sets the known epoch. The caller must have discarded everything that it read under another
   * epoch.
   */
  useEpoch(epoch: number): void;
  /**
   * Raises the epoch if an event that was read under `epoch` is missing and no process has raised
   * it yet. Returns the resulting epoch.
   */
  raiseEpoch(epoch: number, missingId: string): Promise<number>;
  /** The same log, read over the connections for clients' reads. */
  readonly reads: LogStatements;
}

/** Separate connections for some purposes; `database` serves those that are omitted. */
interface LogOptions {
  /** The connections for appends, so that reads never keep an append waiting. */
  readonly writer?: Database | undefined;
  /** The connections for clients' reads. */
  readonly readers?: Database | undefined;
  /** Called when archived events are needed; returns whether they are being fetched back. */
  readonly fetchBack?: (() => boolean) | undefined;
}

/** Creates the log of a database. */
export function createLog(
  database: Database,
  definitions: KnownEvents,
  { writer = database, readers = database, fetchBack = () => false }: LogOptions = {},
): Log {
  const decode = createEventDecoder(definitions);
  let epoch: number | null = null;
  const known: Known = {
    epoch: () => epoch,
    clock: createLogClock(),
    moments: createMoments(readers),
    fetchBack,
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

/** What this process knows about the log, shared by all its statements. */
interface Known {
  readonly epoch: () => number | null;
  readonly clock: LogClock;
  readonly moments: Moments;
  readonly fetchBack: () => boolean;
}

function bindStatements(
  executor: Executor,
  decode: EventDecoder,
  { epoch, clock, moments, fetchBack }: Known,
): LogStatements {
  const noted = (error: unknown): unknown =>
    error instanceof ArchivedError && fetchBack() ? new ArchivedError(error.through, true) : error;
  const refuse = (error: unknown): never => {
    throw noted(error);
  };
  return {
    epoch,
    async append(batch) {
      const sentMs = performance.now();
      const appended = await appendEvents(executor, batch).catch((error: unknown) => {
        // Without this time, the batch would again be decided at a time that is too early.
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
      const events = await readEvents(executor, decode, filter, page).catch(refuse);
      moments.note(events.at(page.descending ? 0 : -1)?.recordedAt ?? '');
      return events;
    },
    scan: (filter, page) => scanEvents(executor, decode, filter, page).catch(refuse),
    records: (filter, page) => scanRecords(executor, filter, page).catch(refuse),
    recordsOf: (events) => readRecordsOf(executor, events).catch(refuse),
    recordsEnd: (sequence) => readRecordsEnd(executor, sequence),
    streams: (requests) => readStreams(executor, decode, requests),
    archived: async () => {
      const error = new ArchivedError(await readArchived(executor));
      return noted(error) as ArchivedError;
    },
    totals: (request) => readTotals(executor, request),
    snapshots: (requests) => readSnapshots(executor, requests),
    writeSnapshots: (snapshots) => writeSnapshots(executor, snapshots),
    outcomes: (keys) => readOutcomes(executor, keys),
  };
}
