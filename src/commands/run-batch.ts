import type { Logger } from '../lib/logger.ts';
import {
  DecisionLateError,
  isTransient,
  KeysUsedError,
  LogReplacedError,
  type MissingEvent,
  StaleStreamsError,
} from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import { isDiskFull } from '../postgres/errors.ts';
import { type ReusedKey, rejectReused } from './answers/reject-reused.ts';
import { isSameInput, replayOutcome } from './answers/replay.ts';
import { type AppendOptions, appendBatch, appendExclusively } from './append-batch.ts';
import { BusyError, ContentionError, OutcomeUnknownError, UnavailableError } from './errors.ts';
import { type FinishOptions, finishBatch, rejectAll } from './finish-batch.ts';
import { type Submission, toKeyText } from './request.ts';
import { isOver, untilRetry } from './retry.ts';

/** Called when the log may no longer be the one that this process has read. */
export type OnReplaced = () => void;

export interface BatchRunnerOptions extends AppendOptions, FinishOptions {
  readonly logger: Logger;
  readonly onReplaced: OnReplaced;
  readonly assertDecides: () => Promise<void>;
}

const attemptsMax = 50;
/**
 * A process that loses the race has to load streams before it appends again, so it is slower than
 * the winner: under steady load the same process would lose 50 times in a row. After this many
 * attempts it locks the log head while it decides.
 */
const optimisticAttemptsMax = 3;

/**
 * Retries the commands until each is answered. Never throws. `failure`: the error of a first
 * attempt, if there was one.
 */
export async function runBatch(
  options: BatchRunnerOptions,
  submissions: readonly Submission[],
  failure: unknown = null,
): Promise<void> {
  if (submissions.length === 0 && failure === null) return;
  let open = submissions;
  let attempt = 1;
  let error = failure ?? (await tryOnce(options, open, attempt));
  while (error !== null) {
    if (error instanceof KeysUsedError) {
      const used = error;
      error = await failureOf(async () => {
        open = await replayUsed(options, open, used);
      });
      if (error !== null) continue;
    } else if (error instanceof StaleStreamsError) {
      options.cache.markStale(error.actual.keys());
      attempt += 1;
      if (attempt > attemptsMax) return rejectAll(open, new ContentionError(attemptsMax));
    } else if (error instanceof DecisionLateError) {
      attempt += 1;
      if (attempt > attemptsMax) return rejectAll(open, new ContentionError(attemptsMax));
    } else if (error instanceof LogReplacedError) {
      const { missing } = error;
      error = await failureOf(() => renew(options, missing));
      attempt += 1;
      if (attempt > attemptsMax) return rejectAll(open, new ContentionError(attemptsMax));
      if (error !== null) continue;
    } else if (isDiskFull(error)) {
      return rejectAll(open, new UnavailableError({ cause: error }));
    } else if (isTransient(error)) {
      // Nothing was written: an append with an unknown outcome throws `OutcomeUnknownError`.
      open = rejectOverdue(open, options.signal, new UnavailableError({ cause: error }));
      if (open.length > 0) await untilRetry(options.signal);
    } else if (open.length <= 1 || error instanceof OutcomeUnknownError) {
      return rejectAll(open, error);
    } else {
      // The error of one command must not fail the others: each is run alone.
      for (const submission of open) await runBatch(options, [submission]);
      return;
    }
    error = open.length === 0 ? null : await tryOnce(options, open, attempt);
  }
}

/** Forgets what was read from a log that has been replaced, and uses its new epoch. */
async function renew(
  { log, cache, onReplaced, assertDecides }: BatchRunnerOptions,
  missing: MissingEvent | null,
): Promise<void> {
  const epoch =
    missing === null ? (await log.head()).epoch : await log.raiseEpoch(missing.epoch, missing.id);
  await assertDecides();
  log.useEpoch(epoch);
  cache.clear();
  onReplaced();
}

/** Decides and appends; returns the error, or null on success. */
function tryOnce(
  options: BatchRunnerOptions,
  submissions: readonly Submission[],
  attempt: number,
): Promise<unknown> {
  return failureOf(() => decideAndAppend(options, submissions, attempt > optimisticAttemptsMax));
}

async function failureOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

async function decideAndAppend(
  options: BatchRunnerOptions,
  submissions: readonly Submission[],
  isExclusive: boolean,
): Promise<void> {
  const append = isExclusive ? appendExclusively : appendBatch;
  const appendedBatch = await append(options, submissions);
  try {
    await finishBatch(options, appendedBatch);
  } catch (error) {
    // The batch is already in the log; deciding it again would record it twice.
    options.cache.markStale(appendedBatch.bases.keys());
    rejectAll(submissions, error);
    return;
  }
  await runBatch(options, rejectOverdue(appendedBatch.left, options.signal, new BusyError()));
}

/**
 * Answers the commands whose keys are used: with their recorded outcomes, or with a rejection if
 * the key was used with another input. Returns the other commands.
 */
async function replayUsed(
  { log, signal }: BatchRunnerOptions,
  submissions: readonly Submission[],
  { keys }: KeysUsedError,
): Promise<readonly Submission[]> {
  const outcomes = new Map<string, Awaited<ReturnType<Log['outcomes']>>[number]>();
  for (const outcome of await log.outcomes(keys)) {
    outcomes.set(toKeyText(outcome.actor, outcome.idempotencyKey), outcome);
  }
  const open: Submission[] = [];
  const replaying: Promise<void>[] = [];
  const reused: ReusedKey[] = [];
  for (const submission of submissions) {
    const { key, request } = submission;
    const outcome = key && outcomes.get(toKeyText(request.actor, key.idempotencyKey));
    if (key === null || outcome === undefined || outcome === null) open.push(submission);
    else if (!isSameInput(key, outcome)) reused.push({ submission, key });
    else replaying.push(replayOutcome(log, key, outcome).then(submission.resolve));
  }
  await Promise.all(replaying);
  await rejectReused({ log, signal }, reused);
  return open;
}

/** Rejects the commands whose deadline has passed, and returns the others. */
export function rejectOverdue(
  submissions: readonly Submission[],
  signal: AbortSignal,
  error: Error,
): readonly Submission[] {
  const overdue = new Set(submissions.filter(({ deadline }) => isOver({ deadline, signal })));
  rejectAll([...overdue], error);
  return submissions.filter((submission) => !overdue.has(submission));
}
