import type { StoredEvent } from '../kernel/event.ts';
import { answerDryRuns, isKeyedDryRun } from './answers/dry-run.ts';
import type { AppendedBatch, AppendOptions } from './append-batch.ts';
import { foldAppended, toStoredEvents } from './batch.ts';
import type { Decision } from './decide.ts';
import type { CommandResult, Submission } from './request.ts';
import type { CachedStream } from './streams/cache.ts';
import type { SnapshotWriter } from './streams/snapshots.ts';

/** `previousId`: the id of the event right before them in the log; null if there is none. */
export type OnAppended = (events: readonly StoredEvent[], previousId: string | null) => void;

export interface FinishOptions extends AppendOptions {
  readonly onAppended: OnAppended;
  readonly snapshots: SnapshotWriter;
}

/**
 * Updates the cache, passes on the events, and answers the commands. Returns the streams as they
 * are in the log now, even if an answer fails: the next batch is based on them.
 */
export async function finishBatch(
  options: FinishOptions,
  { decisions, bases, batch, appended, head, recordedAt }: AppendedBatch,
): Promise<ReadonlyMap<string, CachedStream>> {
  const stored = appended === null ? [] : toStoredEvents(batch, appended);
  const start = { firstSequence: head + 1, recordedAt };
  const { results, streams } = foldAppended(decisions, bases, stored, start);
  for (const [streamId, stream] of streams) options.cache.set(streamId, stream);
  try {
    if (stored.length > 0) options.onAppended(stored, appended?.previousId ?? null);
    resolveAll(decisions, results);
    if (stored.length > 0) options.snapshots.consider(streams);
    await answerDryRuns(options, decisions, results);
  } catch (error) {
    // The batch is already in the log; deciding it again would record it twice.
    rejectAll(
      decisions.map(({ submission }) => submission),
      error,
    );
  }
  return streams;
}

function resolveAll(decisions: readonly Decision[], results: readonly CommandResult[]): void {
  for (const [index, { submission }] of decisions.entries()) {
    const result = results[index];
    if (result === undefined) throw new Error('a decision has no result');
    if (!isKeyedDryRun(submission)) submission.resolve(result);
  }
}

export function rejectAll(submissions: readonly Submission[], error: unknown): void {
  for (const submission of submissions) submission.reject(error);
}
