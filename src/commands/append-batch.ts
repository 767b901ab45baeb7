import type { Appended } from '../kernel/log.ts';
import { addMicroseconds } from '../lib/date-time.ts';
import { isOutcomeUnknown, isTransient } from '../log/errors.ts';
import type { Log, LogStatements } from '../log/log.ts';
import { appendDurably } from './append.ts';
import { type DecideBatchOptions, type DecidedBatch, decideBatch } from './decide-batch.ts';
import { OutcomeUnknownError } from './errors.ts';
import type { Submission } from './request.ts';
import { retry } from './retry.ts';

export interface AppendOptions extends DecideBatchOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A decided batch, with its sequences and times in the log. */
export interface AppendedBatch extends DecidedBatch {
  /** Null if there was nothing to append: all commands were dry runs. */
  readonly appended: Appended | null;
  /** The sequence of the log's head before the batch. */
  readonly head: number;
  /** The time of the batch's first event. If the batch is empty, the time it would have had. */
  readonly recordedAt: string;
}

/** Decides on the cached streams and appends; throws `StaleStreamsError` if one was not current. */
export async function appendBatch(
  options: AppendOptions,
  submissions: readonly Submission[],
): Promise<AppendedBatch> {
  return appendDecided(options, await decideBatch(options, submissions));
}

/** Appends a decided batch; throws `StaleStreamsError` if one of its streams was not current. */
export async function appendDecided(
  options: AppendOptions,
  decided: DecidedBatch,
): Promise<AppendedBatch> {
  const { log, signal } = options;
  const verified = await verifyEmpty(log, decided);
  if (verified !== null) return verified;
  const deadline = deadlineOf(decided);
  return toAppendedBatch(decided, await appendDurably(log, decided.batch, { deadline, signal }));
}

/**
 * Decides and appends while holding the lock of the log's head. No other process can append in
 * between, so the batch cannot be stale, but all other appends wait.
 */
export async function appendExclusively(
  options: AppendOptions,
  submissions: readonly Submission[],
): Promise<AppendedBatch> {
  // Reads every stream to its end: a cached stream may be behind without being marked as stale.
  const cache = { ...options.cache, fresh: () => undefined };
  let sent: DecidedBatch | undefined;
  try {
    return await options.log.exclusively(async (log) => {
      const decided = await decideBatch({ ...options, log, cache }, submissions);
      const verified = await verifyEmpty(log, decided);
      if (verified !== null) return verified;
      sent = decided;
      return toAppendedBatch(decided, await log.append(decided.batch));
    });
  } catch (error) {
    if (sent === undefined || !isOutcomeUnknown(error)) throw error;
    const appended = await findExclusively(options, sent);
    if (appended === null) throw error;
    return toAppendedBatch(sent, appended);
  }
}

/**
 * Checks the streams of a batch of dry runs, since its answers must not be based on an outdated
 * state. Null if the batch has something to record.
 */
async function verifyEmpty(
  log: LogStatements,
  decided: DecidedBatch,
): Promise<AppendedBatch | null> {
  const { events, outcomes, records, expected } = decided.batch;
  if (events.length > 0 || outcomes.length > 0 || records.length > 0) return null;
  const { sequence, recordedAt } = await log.verify(expected);
  return {
    ...decided,
    appended: null,
    head: sequence,
    recordedAt: timeAfter(recordedAt, await log.now()),
  };
}

/** The time at which the log would record an event now: always after its last event. */
function timeAfter(last: string | null, now: string): string {
  return last === null || last < now ? now : addMicroseconds(last, 1);
}

/** The batch is sent as a whole, so its deadline is the earliest deadline of its commands. */
function deadlineOf({ decisions }: DecidedBatch): number {
  return Math.min(...decisions.map(({ submission }) => submission.deadline));
}

function toAppendedBatch(decided: DecidedBatch, appended: Appended): AppendedBatch {
  const { firstSequence, recordedAt } = appended;
  return { ...decided, appended, head: firstSequence - 1, recordedAt };
}

/**
 * Looks up a batch whose exclusive transaction lost its connection. The lookup holds the lock of
 * the head, so that transaction has ended, and null means that the batch was not recorded.
 */
async function findExclusively(
  { log, signal }: AppendOptions,
  decided: DecidedBatch,
): Promise<Appended | null> {
  const deadline = deadlineOf(decided);
  const find = () => log.exclusively((exclusive) => exclusive.findBatch(decided.batch.id));
  try {
    return await retry(find, { deadline, signal });
  } catch (error) {
    throw isTransient(error) ? new OutcomeUnknownError({ cause: error }) : error;
  }
}
