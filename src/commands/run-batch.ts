import type { StoredEvent } from '../kernel/event.ts';
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
import { answerDryRuns, isKeyedDryRun } from './answers/dry-run.ts';
import { replayOutcome } from './answers/replay.ts';
import {
  type AppendedBatch,
  type AppendOptions,
  appendBatch,
  appendExclusively,
} from './append-batch.ts';
import { foldAppended, toStoredEvents } from './batch.ts';
import type { Decision } from './decide.ts';
import { BusyError, ContentionError, OutcomeUnknownError, UnavailableError } from './errors.ts';
import { type CommandResult, type Submission, toKeyText } from './request.ts';
import { isOver, untilRetry } from './retry.ts';
import type { CachedStream } from './streams/cache.ts';
import type { SnapshotWriter } from './streams/snapshots.ts';

/** `previousId`: the event before the first one in the log; null: there is none. */
export type OnAppended = (events: readonly StoredEvent[], previousId: string | null) => void;

/** Told that the log may not be the one that this process has read. */
export type OnReplaced = () => void;

export interface BatchRunnerOptions extends AppendOptions {
  readonly logger: Logger;
  readonly onAppended: OnAppended;
  readonly onReplaced: OnReplaced;
  readonly assertDecides: () => Promise<void>;
  readonly snapshots: SnapshotWriter;
}

const attemptsMax = 50;
/**
 * Who is overtaken has to load before it appends again, and so is slower than who overtook it: under
 * steady load the same process would lose 50 times on end. From here on it holds the head instead.
 */
const optimisticAttemptsMax = 3;

/**
 * Sees commands through to their answers, on their own and whatever it takes; never throws.
 * `failure`: what has been thrown at a first attempt, if there was one.
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
      // Nothing was written: an append that may have been says `OutcomeUnknownError`.
      open = rejectOverdue(open, options.signal, new UnavailableError({ cause: error }));
      if (open.length > 0) await untilRetry(options.signal);
    } else if (open.length <= 1 || error instanceof OutcomeUnknownError) {
      return rejectAll(open, error);
    } else {
      // One command's fault must not be the others': each goes on alone.
      for (const submission of open) await runBatch(options, [submission]);
      return;
    }
    error = open.length === 0 ? null : await tryOnce(options, open, attempt);
  }
}

/** Lets go of what was read of a log that is no longer there, so that the truth is read. */
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

/** Decides and appends; gives what was thrown, null when all went well. */
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
  isHolding: boolean,
): Promise<void> {
  const place = isHolding ? appendExclusively : appendBatch;
  const placed = await place(options, submissions);
  try {
    await finish(options, placed);
  } catch (error) {
    // It is recorded: whoever decided it again would record it twice.
    options.cache.markStale(placed.bases.keys());
    rejectAll(submissions, error);
    return;
  }
  await runBatch(options, rejectOverdue(placed.left, options.signal, new BusyError()));
}

/**
 * Brings the cache up to date, hands on the events, and answers the commands. Gives the streams as
 * they are in the log now, whatever else goes wrong: the batch behind this one rests on them.
 */
export async function finish(
  options: BatchRunnerOptions,
  { decisions, bases, batch, appended, head, recordedAt }: AppendedBatch,
): Promise<ReadonlyMap<string, CachedStream>> {
  const stored = appended === null ? [] : toStoredEvents(batch, appended);
  const place = { firstSequence: head + 1, recordedAt };
  const { results, streams } = foldAppended(decisions, bases, stored, place);
  for (const [streamId, stream] of streams) options.cache.set(streamId, stream);
  try {
    if (stored.length > 0) options.onAppended(stored, appended?.previousId ?? null);
    resolveAll(decisions, results);
    if (stored.length > 0) options.snapshots.consider(streams);
    await answerDryRuns(options, decisions, results);
  } catch (error) {
    // It is recorded: whoever decided it again would record it twice.
    rejectAll(
      decisions.map(({ submission }) => submission),
      error,
    );
  }
  return streams;
}

/** Answers the commands whose keys are used from the record, and gives back the others. */
async function replayUsed(
  { log }: BatchRunnerOptions,
  submissions: readonly Submission[],
  { keys }: KeysUsedError,
): Promise<readonly Submission[]> {
  const outcomes = new Map<string, Awaited<ReturnType<Log['outcomes']>>[number]>();
  for (const outcome of await log.outcomes(keys)) {
    outcomes.set(toKeyText(outcome.actor, outcome.idempotencyKey), outcome);
  }
  const open: Submission[] = [];
  const replaying: Promise<void>[] = [];
  for (const submission of submissions) {
    const { key, request } = submission;
    const outcome = key && outcomes.get(toKeyText(request.actor, key.idempotencyKey));
    if (key && outcome) replaying.push(replayOutcome(log, key, outcome).then(submission.resolve));
    else open.push(submission);
  }
  await Promise.all(replaying);
  return open;
}

function resolveAll(decisions: readonly Decision[], results: readonly CommandResult[]): void {
  for (const [index, { submission }] of decisions.entries()) {
    const result = results[index];
    if (result === undefined) throw new Error('a decision without a result');
    if (!isKeyedDryRun(submission)) submission.resolve(result);
  }
}

/** Rejects the commands that have waited for as long as they may, and gives the others. */
export function rejectOverdue(
  submissions: readonly Submission[],
  signal: AbortSignal,
  error: Error,
): readonly Submission[] {
  const overdue = new Set(submissions.filter(({ deadline }) => isOver({ deadline, signal })));
  rejectAll([...overdue], error);
  return submissions.filter((submission) => !overdue.has(submission));
}

export function rejectAll(submissions: readonly Submission[], error: unknown): void {
  for (const submission of submissions) submission.reject(error);
}
