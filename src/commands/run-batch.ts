import type { StoredEvent } from '../kernel/event.ts';
import type { EventDefinition } from '../kernel/event-definition.ts';
import { fromEpochMs } from '../lib/date-time.ts';
import { delay } from '../lib/delay.ts';
import type { Log as Logger } from '../lib/log.ts';
import { isTransient, KeysUsedError, StaleStreamsError } from '../log/errors.ts';
import type { Log } from '../log/log.ts';
import { appendDurably } from './append.ts';
import { settle, toBatch, toStoredEvents } from './batch.ts';
import { type Decision, decide } from './decide.ts';
import { ContentionError, OutcomeUnknownError, UnavailableError } from './errors.ts';
import { loadStreams } from './loader.ts';
import { replayOutcome } from './replay.ts';
import type { CommandResult, Submission } from './request.ts';
import { saveSnapshots } from './snapshots.ts';
import type { AnyDecider, StreamCache } from './stream-cache.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

export interface BatchRunnerOptions {
  readonly log: Log;
  readonly definitions: ReadonlyMap<string, EventDefinition>;
  readonly logger: Logger;
  readonly cache: StreamCache;
  readonly onAppended: (events: readonly StoredEvent[]) => void;
  readonly snapshotEvery: number;
  readonly settleTimeoutMs: number;
  readonly signal: AbortSignal;
}

const attemptsMax = 50;
const loadRoundsMax = 1_000;
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
      return await decideAndAppend(options, open);
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
): Promise<void> {
  const { log, cache } = options;
  const workspace = createWorkspace(cache);
  const decisions = await decideAll(options, submissions, workspace);
  const bases = workspace.bases();
  const batch = toBatch(decisions, bases);
  if (batch.events.length === 0 && batch.outcomes.length === 0) {
    // Nothing to record, but the answers must not rest on a state that is no longer so.
    const head = await log.verify(batch.expectedVersions);
    return resolveAll(decisions, settle(decisions, bases, [], head).results);
  }
  const appended = await appendDurably(log, batch, options);
  try {
    const stored = toStoredEvents(batch, appended);
    const { results, streams } = settle(decisions, bases, stored, appended.firstSequence - 1);
    for (const [streamId, stream] of streams) cache.set(streamId, stream);
    if (stored.length > 0) options.onAppended(stored);
    resolveAll(decisions, results);
    await saveSnapshots(options, streams);
  } catch (error) {
    // It is recorded: whoever decided it again would record it twice.
    cache.markStale(bases.keys());
    rejectAll(submissions, error);
  }
}

async function decideAll(
  { log, cache, definitions }: BatchRunnerOptions,
  submissions: readonly Submission[],
  workspace: Workspace,
): Promise<readonly Decision[]> {
  const decideOptions = { definitions, now: fromEpochMs(Date.now()) };
  const decisions: Decision[] = [];
  let open = submissions;
  for (let round = 0; open.length > 0; round += 1) {
    if (round > loadRoundsMax) throw new Error(`a command asks for over ${loadRoundsMax} streams`);
    const missing = new Map<string, AnyDecider>();
    const deferred: Submission[] = [];
    for (const submission of open) {
      const decision = decide(submission, workspace, decideOptions);
      if ('streamId' in decision) {
        missing.set(decision.streamId, decision.decider);
        deferred.push(submission);
        continue;
      }
      decisions.push(decision);
      if (submission.request.options.dryRun !== true) workspace.accept(decision.touched);
    }
    if (missing.size > 0) workspace.add(await loadStreams(log, cache, missing));
    open = deferred;
  }
  return decisions;
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
