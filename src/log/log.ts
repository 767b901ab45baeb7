import type { StoredEvent } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import type { Appended, Batch, RecordedOutcome } from '../kernel/log.ts';
import type { Database, Executor } from '../postgres/database.ts';
import { appendBatch, findBatch, verifyVersions } from './append.ts';
import { createLogClock, type LogClock, readClock } from './clock.ts';
import { createEventDecoder, type EventDecoder } from './codec.ts';
import { type Head, lockHead, readHead } from './head.ts';
import { createMoments, type Moments, readSequenceAt } from './moments.ts';
import { readOutcomes } from './outcomes.ts';
import { type EventFilter, type EventPage, readEvents } from './read.ts';
import {
  readSnapshots,
  readStreams,
  type SnapshotWish,
  type StoredSnapshot,
  type StreamWish,
  type WrittenSnapshot,
  writeSnapshots,
} from './streams.ts';
import { readTotals, type StreamTotals, type TotalsWish } from './totals.ts';

/** What can be asked of the log. Every method is one statement, and atomic. */
export interface LogStatements {
  append(batch: Batch): Promise<Appended>;
  findBatch(id: string): Promise<Appended | null>;
  /** The head, if every stream is at the given version there; else throws `StaleStreamsError`. */
  verify(expectedVersions: ReadonlyMap<string, number>): Promise<Head>;
  head(): Promise<Head>;
  /** The last sequence recorded at or before `time`; null when `time` is in the future. */
  sequenceAt(time: string): Promise<number | null>;
  /**
   * The time by the database's clock, behind it by some milliseconds at most, and never before one
   * that was given already. A promise when nothing has been heard of that clock for some seconds.
   */
  now(): string | Promise<string>;
  /** A page of events in order of sequence, ascending or descending. */
  events(filter: EventFilter, page: EventPage): Promise<readonly StoredEvent[]>;
  /** The events of some streams after a version each, in order of version within a stream. */
  streams(wishes: readonly StreamWish[]): Promise<readonly StoredEvent[]>;
  /** What members of the events of some streams add up to. */
  totals(wish: TotalsWish): Promise<readonly StreamTotals[]>;
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
  const times = { clock: createLogClock(), moments: createMoments(database) };
  return {
    ...bindStatements(database, decode, times),
    sequenceAt: times.moments.sequenceAt,
    append: bindStatements(writer, decode, times).append,
    exclusively: (work) =>
      writer.withTransaction(async (executor) => {
        await lockHead(executor);
        return work(bindStatements(executor, decode, times));
      }),
  };
}

/** What this process has learned of the times in the log. */
interface KnownTimes {
  readonly clock: LogClock;
  readonly moments: Moments;
}

function bindStatements(
  executor: Executor,
  decode: EventDecoder,
  { clock, moments }: KnownTimes,
): LogStatements {
  return {
    async append(batch) {
      const sentMs = performance.now();
      const appended = await appendBatch(executor, batch);
      clock.note(appended.recordedAt, sentMs);
      if (batch.events.length > 0) moments.note(appended.recordedAt);
      return appended;
    },
    findBatch: (id) => findBatch(executor, id),
    verify: (versions) => verifyVersions(executor, versions),
    head: () => readHead(executor),
    sequenceAt: (time) => readSequenceAt(executor, time),
    now: () => clock.now() ?? readClock(executor, clock),
    async events(filter, page) {
      const events = await readEvents(executor, decode, filter, page);
      moments.note(events.at(page.descending ? 0 : -1)?.recordedAt ?? '');
      return events;
    },
    streams: (wishes) => readStreams(executor, decode, wishes),
    totals: (wish) => readTotals(executor, wish),
    snapshots: (wishes) => readSnapshots(executor, wishes),
    writeSnapshots: (snapshots) => writeSnapshots(executor, snapshots),
    outcomes: (keys) => readOutcomes(executor, keys),
  };
}
