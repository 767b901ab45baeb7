import type { PendingRecord } from '../kernel/command-record.ts';
import { streamIdOf } from '../kernel/decider.ts';
import type { StoredEvent } from '../kernel/event.ts';
import type { Appended, Batch, PendingEvent, PendingOutcome } from '../kernel/log.ts';
import { addMicroseconds } from '../lib/date-time.ts';
import { newUuid } from '../lib/uuid.ts';
import { toStoredEvent } from './answers/stored-event.ts';
import { earlierTime } from './attempt.ts';
import type { Decision } from './decide.ts';
import { toRecord } from './record.ts';
import type { CommandResult } from './request.ts';
import { type CachedStream, evolveStream } from './streams/cache.ts';

/** What the decisions of a batch are based on. */
interface Basis {
  /** The streams, as loaded. */
  readonly bases: ReadonlyMap<string, CachedStream>;
  readonly epoch: number | null;
  /** See `DecideBatchOptions`. */
  readonly recordsCommands: boolean;
}

/** The batch to append for some decisions. */
export function toBatch(
  decisions: readonly Decision[],
  { bases, epoch, recordsCommands }: Basis,
): Batch {
  const events: PendingEvent[] = [];
  const outcomes: PendingOutcome[] = [];
  const records: PendingRecord[] = [];
  let validUntil: string | null = null;
  for (const { submission, rejection, events: own, validUntil: until } of decisions) {
    const { key, commandId, request } = submission;
    if (request.options.dryRun === true) continue;
    validUntil = earlierTime(validUntil, until);
    events.push(...own);
    if (recordsCommands) records.push(toRecord(submission, rejection, own));
    if (key === null) continue;
    const offset = events.length;
    outcomes.push({
      idempotencyKey: key.idempotencyKey,
      fingerprint: key.fingerprint,
      actor: request.actor,
      commandId,
      rejection,
      offset,
      eventCount: own.length,
    });
  }
  return { id: newUuid(), epoch, expected: bases, validUntil, events, outcomes, records };
}

/** The sequence and time at which events begin in the log, or would begin. */
type BatchStart = Pick<Appended, 'firstSequence' | 'recordedAt'>;

/** The events of a batch with the sequences and times that the log gave them. */
export function toStoredEvents(batch: Batch, appended: Appended): readonly StoredEvent[] {
  return toStored(batch.events, appended);
}

function toStored(events: readonly PendingEvent[], start: BatchStart): readonly StoredEvent[] {
  const { firstSequence, recordedAt } = start;
  return events.map((event, index) =>
    toStoredEvent(event, firstSequence + index, addMicroseconds(recordedAt, index)),
  );
}

/** The results of a batch's commands, and its streams after all of them. */
interface BatchResults {
  readonly results: readonly CommandResult[];
  readonly streams: Map<string, CachedStream>;
}

/**
 * Folds the batch again with the final sequences and times of its events, and returns for each
 * command the states right after it. `start`: where the batch begins in the log, or would begin.
 */
export function foldAppended(
  decisions: readonly Decision[],
  bases: ReadonlyMap<string, CachedStream>,
  stored: readonly StoredEvent[],
  start: BatchStart,
): BatchResults {
  const streams = new Map(bases);
  const head = start.firstSequence - 1;
  let done = 0;
  const results = decisions.map((decision) => {
    if (decision.submission.request.options.dryRun === true) {
      // Folded as if recorded after the commands before it, in a copy that only this result uses.
      const touched = pick(streams, decision.touched.keys());
      const decided = toStored(decision.events, startAfter(start, done));
      applyAll(touched, decided);
      const result = toResult(decision, decided, head + done, touched);
      return { ...result, events: [], proposed: decision.events };
    }
    const own = stored.slice(done, done + decision.events.length);
    done += own.length;
    applyAll(streams, own);
    return toResult(decision, own, head + done, pick(streams, decision.touched.keys()));
  });
  return { results, streams };
}

function startAfter({ firstSequence, recordedAt }: BatchStart, done: number): BatchStart {
  return {
    firstSequence: firstSequence + done,
    recordedAt: addMicroseconds(recordedAt, done),
  };
}

const nothing: readonly PendingEvent[] = [];

function applyAll(streams: Map<string, CachedStream>, events: readonly StoredEvent[]): void {
  for (const event of events) {
    const stream = streams.get(event.streamId);
    if (stream === undefined) throw new Error(`${event.streamId} was not loaded`);
    streams.set(event.streamId, evolveStream(stream, event));
  }
}

function toResult(
  { rejection, submission }: Decision,
  events: readonly StoredEvent[],
  sequence: number,
  touched: ReadonlyMap<string, CachedStream>,
): CommandResult {
  return {
    rejection,
    events,
    decided: events,
    proposed: nothing,
    firstStreamId: events[0]?.streamId ?? touched.keys().next().value ?? null,
    sequence,
    replayed: false,
    dryRun: submission.request.options.dryRun === true,
    stateOf: (decider, id) => (touched.get(streamIdOf(decider, id))?.state ?? null) as never,
  };
}

function pick<Value>(from: ReadonlyMap<string, Value>, keys: Iterable<string>): Map<string, Value> {
  const picked = new Map<string, Value>();
  for (const key of keys) {
    const value = from.get(key);
    if (value !== undefined) picked.set(key, value);
  }
  return picked;
}
