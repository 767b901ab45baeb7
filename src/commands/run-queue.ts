import type { AppendedBatch } from './append-batch.ts';
import { collectBatch } from './collect-batch.ts';
import type { CommandQueue } from './command-queue.ts';
import { finishBatch, rejectAll } from './finish-batch.ts';
import { type PendingAppend, startAppend } from './pending-append.ts';
import { type BatchRunnerOptions, runBatch } from './run-batch.ts';
import type { CachedStream } from './streams/cache.ts';

type Streams = ReadonlyMap<string, CachedStream>;

/**
 * Runs the commands of a queue until it is empty. While a batch is being appended, the next batch
 * is decided on top of it. The next batch is sent once the first is in the log; the first is
 * answered while the next is being written. If the append of a batch fails, the batch on top of it
 * is decided again. Throws only on an internal error, after the last append has finished. Commands
 * without an answer by then get none.
 */
export async function runQueue(
  options: BatchRunnerOptions,
  queue: CommandQueue,
  batchCommandsMax: number,
): Promise<void> {
  let pending: PendingAppend | null = null;
  let foldedStreams: Streams = new Map();
  try {
    while (queue.size() > 0 || pending !== null) {
      const { open, submissions, failure } = await collectBatch(
        options,
        queue,
        pending,
        batchCommandsMax,
      );
      const previous: PendingAppend | null = pending;
      const outcome = previous === null ? null : await previous.outcome;
      pending = null;
      if (previous !== null && outcome?.batch === null) {
        queue.putBack(submissions);
        await runBatch(options, previous.submissions, outcome.failure);
        continue;
      }
      if (failure === null && !open.isEmpty()) pending = startAppend(options, open, submissions);
      if (outcome?.batch) foldedStreams = await finishSafely(options, outcome.batch, foldedStreams);
      // Run again from the start, since the failure may concern only some of the commands.
      if (failure !== null) await runBatch(options, submissions);
    }
  } finally {
    await pending?.outcome;
  }
}

/**
 * Answers a batch that is in the log. It was decided on provisional states of the previous batch:
 * the final states in `foldedStreams` replace them. Returns the final states of this batch.
 */
async function finishSafely(
  options: BatchRunnerOptions,
  batch: AppendedBatch,
  foldedStreams: Streams,
): Promise<Streams> {
  const bases = new Map(batch.bases);
  for (const [streamId, base] of bases) {
    const known = foldedStreams.get(streamId);
    if (known?.version === base.version) bases.set(streamId, known);
  }
  try {
    return await finishBatch(options, { ...batch, bases });
  } catch (error) {
    // The batch is already in the log; deciding it again would record it twice.
    options.cache.markStale(bases.keys());
    rejectAll(
      batch.decisions.map(({ submission }) => submission),
      error,
    );
    return new Map();
  }
}
