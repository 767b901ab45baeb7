import type { AppendedBatch } from './append-batch.ts';
import { collectBatch } from './collect-batch.ts';
import type { CommandQueue } from './command-queue.ts';
import { type PendingAppend, startAppend } from './pending-append.ts';
import { type BatchRunnerOptions, finish, rejectAll, runBatch } from './run-batch.ts';
import type { CachedStream } from './streams/cache.ts';

type Streams = ReadonlyMap<string, CachedStream>;

/**
 * Runs the commands of a queue until it is empty. While a batch is being appended the next one is
 * decided on top of it, sent when the first is in the log, and the first is answered while the next
 * one is being written. If a batch is refused, the one on top of it was decided in vain and is
 * decided again. Throws only at a fault of its own, when nothing is being appended any more; who has
 * not been answered then, will not be.
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
      // Each on its own, from the start: it may not be the fault of all of them.
      if (failure !== null) await runBatch(options, submissions);
    }
  } finally {
    await pending?.outcome;
  }
}

/**
 * Answers a batch that is in the log. It was decided on provisional states of the batch before: their
 * true ones, `foldedStreams`, take their place. Gives its own.
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
    return await finish(options, { ...batch, bases });
  } catch (error) {
    // It is recorded: whoever decided it again would record it twice.
    options.cache.markStale(bases.keys());
    rejectAll(
      batch.decisions.map(({ submission }) => submission),
      error,
    );
    return new Map();
  }
}
