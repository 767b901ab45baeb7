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

/** A decided batch and where the log has put it. */
export interface AppendedBatch extends DecidedBatch {
  /** Null: there was nothing to append. */
  readonly appended: Appended | null;
  /** The sequence of the log's head before the batch. */
  readonly head: number;
  /** The time of the batch's first event; when it would be, if there was nothing to append. */
  readonly recordedAt: string;
}

/** Decides on what is cached and appends; throws `StaleStreamsError` when that was not the latest. */
export async function appendBatch(
  options: AppendOptions,
  submissions: readonly Submission[],
): Promise<AppendedBatch> {
  return appendDecided(options, await decideBatch(options, submissions));
}

/** Appends a decided batch; throws `StaleStreamsError` when it does not rest on the latest. */
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

/** Decides and appends while nobody else can append: cannot be overtaken, but holds up everybody. */
export async function appendExclusively(
  options: AppendOptions,
  submissions: readonly Submission[],
): Promise<AppendedBatch> {
  // Every stream is read up to its end now: what the cache takes for fresh may be behind.
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

/** Nothing to record, but the answers must not rest on a state that is no longer so. */
async function verifyEmpty(
  log: LogStatements,
  decided: DecidedBatch,
): Promise<AppendedBatch | null> {
  const { events, outcomes, expected } = decided.batch;
  if (events.length > 0 || outcomes.length > 0) return null;
  const { sequence, recordedAt } = await log.verify(expected);
  return {
    ...decided,
    appended: null,
    head: sequence,
    recordedAt: timeAfter(recordedAt, await log.now()),
  };
}

/** When the log would record something now: later than its last event, whatever the clock says. */
function timeAfter(last: string | null, now: string): string {
  return last === null || last < now ? now : addMicroseconds(last, 1);
}

/** What is sent together is given up together: with the first of its commands. */
function deadlineOf({ decisions }: DecidedBatch): number {
  return Math.min(...decisions.map(({ submission }) => submission.deadline));
}

function toAppendedBatch(decided: DecidedBatch, appended: Appended): AppendedBatch {
  const { firstSequence, recordedAt } = appended;
  return { ...decided, appended, head: firstSequence - 1, recordedAt };
}

/**
 * What became of a transaction that held the head and was lost: whoever holds the head knows that
 * it is over, so that null is the last word.
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
