import type { CommandQueue } from './command-queue.ts';
import { type Flight, launch } from './flight.ts';
import { flightsMax, gather } from './gather.ts';
import type { PlacedBatch } from './place-batch.ts';
import { type BatchRunnerOptions, finish, rejectAll, runBatch } from './run-batch.ts';
import type { CachedStream } from './stream-cache.ts';

type Streams = ReadonlyMap<string, CachedStream>;

/**
 * Runs the commands of a queue until it is empty. While a batch is being appended the next one is
 * decided on top of it, and sent when it has grown as large, or when the first is in the log; the
 * first one is answered while the next one is being written. If a batch is refused, those on top of
 * it were decided in vain, are refused too, and are decided again. Throws only at a fault of its own,
 * when nothing is being appended any more; who has not been answered then, will not be.
 */
export async function runQueue(
  options: BatchRunnerOptions,
  queue: CommandQueue,
  batchCommandsMax: number,
): Promise<void> {
  const flights: Flight[] = [];
  try {
    await fly(options, queue, { batchCommandsMax, flights });
  } finally {
    await Promise.all(flights.map(({ landing }) => landing));
  }
}

interface Flying {
  readonly batchCommandsMax: number;
  readonly flights: Flight[];
}

async function fly(
  options: BatchRunnerOptions,
  queue: CommandQueue,
  { batchCommandsMax, flights }: Flying,
): Promise<void> {
  let settled: readonly Streams[] = [];
  while (queue.size() > 0 || flights.length > 0) {
    const gathering = await gather(options, queue, flights, batchCommandsMax);
    const first = flights[0];
    const landing = first?.hasLanded ? await first.landing : null;
    if (landing?.placed === null) {
      queue.putBack(gathering.submissions);
      await seeThrough(options, flights.splice(0), settled);
      settled = [];
      continue;
    }
    const { open, submissions, failure } = gathering;
    const isSent = failure === null && submissions.length > 0;
    const next = isSent ? launch(options, open, submissions, flights) : null;
    if (landing !== null) {
      flights.shift();
      settled = [await finishSafely(options, landing.placed, settled), ...settled].slice(
        0,
        flightsMax,
      );
    }
    if (next !== null) flights.push(next);
    if (failure !== null) {
      // Each on its own, from the start: it may not be the fault of all of them.
      await seeThrough(options, flights.splice(0), settled);
      settled = [];
      await runBatch(options, submissions);
    }
  }
}

/** Brings batches that are being appended to their end, whatever has become of them. */
async function seeThrough(
  options: BatchRunnerOptions,
  flights: readonly Flight[],
  before: readonly Streams[],
): Promise<void> {
  const refused: (() => Promise<void>)[] = [];
  let settled = before;
  for (const { landing, submissions } of flights) {
    const landed = await landing;
    if (landed.placed === null) refused.push(() => runBatch(options, submissions, landed.failure));
    // It does not rest on one that was refused, or it would have been refused too.
    else settled = [await finishSafely(options, landed.placed, settled), ...settled];
  }
  for (const again of refused) await again();
}

/**
 * Answers a batch that is in the log. It was decided on provisional states of the batches before:
 * their true ones, `settled`, the latest first, take their place. Gives its own.
 */
async function finishSafely(
  options: BatchRunnerOptions,
  placed: PlacedBatch,
  settled: readonly Streams[],
): Promise<Streams> {
  const bases = new Map(placed.bases);
  for (const [streamId, base] of bases) {
    const known = settled.find((streams) => streams.has(streamId))?.get(streamId);
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
