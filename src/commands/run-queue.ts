import type { PlacedBatch } from './append-batch.ts';
import { gather } from './collect-batch.ts';
import type { CommandQueue } from './command-queue.ts';
import { type Flight, launch } from './pending-append.ts';
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
  let flight: Flight | null = null;
  let settled: Streams = new Map();
  try {
    while (queue.size() > 0 || flight !== null) {
      const { open, submissions, failure } = await gather(options, queue, flight, batchCommandsMax);
      const ahead: Flight | null = flight;
      const landing = ahead === null ? null : await ahead.landing;
      flight = null;
      if (ahead !== null && landing?.placed === null) {
        queue.putBack(submissions);
        await runBatch(options, ahead.submissions, landing.failure);
        continue;
      }
      if (failure === null && !open.isEmpty()) flight = launch(options, open, submissions);
      if (landing?.placed) settled = await finishSafely(options, landing.placed, settled);
      // Each on its own, from the start: it may not be the fault of all of them.
      if (failure !== null) await runBatch(options, submissions);
    }
  } finally {
    await flight?.landing;
  }
}

/**
 * Answers a batch that is in the log. It was decided on provisional states of the batch before: their
 * true ones, `settled`, take their place. Gives its own.
 */
async function finishSafely(
  options: BatchRunnerOptions,
  placed: PlacedBatch,
  settled: Streams,
): Promise<Streams> {
  const bases = new Map(placed.bases);
  for (const [streamId, base] of bases) {
    const known = settled.get(streamId);
    if (known?.version === base.version) bases.set(streamId, known);
  }
  try {
    return await finish(options, { ...placed, bases });
  } catch (error) {
    // It is recorded: whoever decided it again would record it twice.
    options.cache.markStale(bases.keys());
    rejectAll(
      placed.decisions.map(({ submission }) => submission),
      error,
    );
    return new Map();
  }
}
