import type { StoredEvent } from '../kernel/event.ts';
import { delay } from '../lib/delay.ts';
import type { Log as Logger } from '../lib/log.ts';
import { isTransient, KeysUsedError, StaleStreamsError } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import { settle, toStoredEvents } from './batch.ts';
import type { Decision } from './decide.ts';
import { ContentionError, OutcomeUnknownError, UnavailableError } from './errors.ts';
import { type PlacedBatch, type PlaceOptions, placeBatch, placeHolding } from './place-batch.ts';
import { replayOutcome } from './replay.ts';
import type { CommandResult, Submission } from './request.ts';
import { saveSnapshots } from './snapshots.ts';

export interface BatchRunnerOptions extends PlaceOptions {
  readonly logger: Logger;
  readonly onAppended: (events: readonly StoredEvent[]) => void;
  readonly snapshotEvery: number;
}

const attemptsMax = 50;
/**
 * Who is overtaken has to load before it appends again, and so is slower than who overtook it: under
 * steady load the same process would lose 50 times on end. From here on it holds the head instead.
 */
const optimisticAttemptsMax = 3;
const retryDelayMs = 100;

/** A function that sees a batch of commands through to their answers; it never throws. */
export function createBatchRunner(
  options: BatchRunnerOptions,
): (submissions: readonly Submission[]) => Promise<void> {
  return async (submissions) => {
    const { firsts, followers } = splitByKey(submissions);
    await runTogether(options, firsts);
    // The key of a first is settled by now, unless it failed: then the follower is on its own.
    for (const follower of followers) await runTogether(options, [follower]);
  };
}

async function runTogether(
  options: BatchRunnerOptions,
  submissions: readonly Submission[],
): Promise<void> {
  const deadline = performance.now() + options.settleTimeoutMs;
  let open = submissions;
  let used: KeysUsedError | null = null;
  for (let attempt = 1; attempt <= attemptsMax; ) {
    try {
      if (used !== null) open = await replayUsed(options, open, used);
      used = null;
      if (open.length === 0) return;
      return await decideAndAppend(options, open, attempt > optimisticAttemptsMax);
    } catch (error) {
      if (error instanceof StaleStreamsError) {
        options.cache.markStale(error.actual.keys());
        attempt += 1;
      } else if (error instanceof KeysUsedError) {
        used = error;
      } else if (isTransient(error)) {
        // Nothing was written: an append that may have been says `OutcomeUnknownError`.
        const isOver = options.signal.aborted || performance.now() >= deadline;
        if (isOver) return rejectAll(open, new UnavailableError({ cause: error }));
        await delay(retryDelayMs, options.signal);
      } else if (open.length === 1 || error instanceof OutcomeUnknownError) {
        return rejectAll(open, error);
      } else {
        // One command's fault must not be the others': each goes on alone.
        for (const submission of open) await runTogether(options, [submission]);
        return;
      }
    }
  }
  rejectAll(open, new ContentionError(attemptsMax));
}

async function decideAndAppend(
  options: BatchRunnerOptions,
  submissions: readonly Submission[],
  isHolding: boolean,
): Promise<void> {
  const place = isHolding ? placeHolding : placeBatch;
  const placed = await place(options, submissions);
  try {
    await finish(options, placed);
  } catch (error) {
    // It is recorded: whoever decided it again would record it twice.
    options.cache.markStale(placed.bases.keys());
    rejectAll(submissions, error);
  }
}

async function finish(
  options: BatchRunnerOptions,
  { decisions, bases, batch, appended, head }: PlacedBatch,
): Promise<void> {
  const stored = appended === null ? [] : toStoredEvents(batch, appended);
  const { results, streams } = settle(decisions, bases, stored, head);
  for (const [streamId, stream] of streams) options.cache.set(streamId, stream);
  if (stored.length > 0) options.onAppended(stored);
  resolveAll(decisions, results);
  if (stored.length > 0) await saveSnapshots(options, streams);
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

function splitByKey(submissions: readonly Submission[]) {
  const seen = new Set<string>();
  const firsts: Submission[] = [];
  const followers: Submission[] = [];
  for (const submission of submissions) {
    const { key, request } = submission;
    const text = key && toKeyText(request.actor, key.idempotencyKey);
    if (text !== null && seen.has(text)) followers.push(submission);
    else firsts.push(submission);
    if (text !== null) seen.add(text);
  }
  return { firsts, followers };
}

function toKeyText(actor: string, idempotencyKey: string): string {
  return JSON.stringify([actor, idempotencyKey]);
}

function resolveAll(decisions: readonly Decision[], results: readonly CommandResult[]): void {
  for (const [index, { submission }] of decisions.entries()) {
    const result = results[index];
    if (result === undefined) throw new Error('a decision without a result');
    submission.resolve(result);
  }
}

function rejectAll(submissions: readonly Submission[], error: unknown): void {
  for (const submission of submissions) submission.reject(error);
}
