import type { CommandQueue } from './command-queue.ts';
import { type OpenBatch, openBatch } from './decide-batch.ts';
import { type PlacedBatch, placeDecided } from './place-batch.ts';
import type { Submission } from './request.ts';
import { type BatchRunnerOptions, finish, rejectAll, runBatch, toKeyText } from './run-batch.ts';
import type { CachedStream } from './stream-cache.ts';

/** A batch that is being appended. */
interface Flight {
  readonly submissions: readonly Submission[];
  /** The streams as they will be once it is in the log. */
  readonly changed: ReadonlyMap<string, CachedStream>;
  /** Where the log has put it, or why not; never throws. */
  readonly landing: Promise<Landing>;
  hasLanded: boolean;
}

type Landing =
  | { readonly placed: PlacedBatch }
  | { readonly placed: null; readonly failure: unknown };

/** The next batch, in the making. */
interface Gathering {
  readonly open: OpenBatch;
  readonly submissions: Submission[];
  /** What kept a stream from being loaded. */
  failure: unknown;
}

type Streams = ReadonlyMap<string, CachedStream>;

const nothing: Streams = new Map();
/** So many commands that wait for an idle log go in two batches: the second is decided meanwhile. */
const splitMin = 32;

/**
 * Runs the commands of a queue until it is empty. While a batch is being appended the next one is
 * decided on top of it, and sent as soon as the first is in the log; only then is the first one
 * answered. If the first one is refused, the second was decided in vain and is decided again.
 */
export async function runQueue(
  options: BatchRunnerOptions,
  queue: CommandQueue,
  batchCommandsMax: number,
): Promise<void> {
  let flight: Flight | null = null;
  let settled: Streams = nothing;
  while (queue.size() > 0 || flight !== null) {
    const gathering = await gather(options, queue, flight, batchCommandsMax);
    const landing: Landing | null = flight === null ? null : await flight.landing;
    if (flight !== null && landing?.placed === null) {
      queue.putBack(gathering.submissions);
      await runBatch(options, flight.submissions, landing.failure);
      flight = null;
      settled = nothing;
      continue;
    }
    const next = gathering.failure === null ? launch(options, gathering) : null;
    settled =
      landing === null || landing.placed === null
        ? nothing
        : await finishSafely(options, landing.placed, settled);
    // On its own, from the start: it may not be the fault of all of them.
    if (gathering.failure !== null) await runBatch(options, gathering.submissions);
    flight = next;
  }
}

/** Decides what waits, and what comes in until the batch ahead has landed. */
async function gather(
  options: BatchRunnerOptions,
  queue: CommandQueue,
  flight: Flight | null,
  batchCommandsMax: number,
): Promise<Gathering> {
  const open = openBatch(options, flight?.changed);
  const gathering: Gathering = { open, submissions: [], failure: null };
  const keys = new Set(flight === null ? [] : keysOf(flight.submissions));
  const share =
    flight === null && queue.size() >= splitMin ? Math.ceil(queue.size() / 2) : Infinity;
  for (;;) {
    const isLast = flight === null || flight.hasLanded;
    const room = Math.min(share, batchCommandsMax) - gathering.submissions.length;
    const taken = takeUnrelated(queue, room, keys);
    gathering.submissions.push(...taken);
    try {
      await open.add(taken);
    } catch (error) {
      gathering.failure = error;
      return gathering;
    }
    if (isLast || flight === null) return gathering;
    const isFull = taken.length === room || queue.size() > 0;
    await Promise.race(isFull ? [flight.landing] : [flight.landing, queue.next()]);
    // Commands that come in together are decided together.
    if (!flight.hasLanded) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Takes commands from the front, up to one whose key is under way already: that one has to wait. */
function takeUnrelated(
  queue: CommandQueue,
  count: number,
  keys: Set<string>,
): readonly Submission[] {
  const taken = queue.take(Math.max(0, Math.min(count, queue.size())));
  const clash = taken.findIndex((submission) => {
    const [key] = keysOf([submission]);
    if (key === undefined) return false;
    if (keys.has(key)) return true;
    keys.add(key);
    return false;
  });
  if (clash < 0) return taken;
  queue.putBack(taken.slice(clash));
  return taken.slice(0, clash);
}

function keysOf(submissions: readonly Submission[]): readonly string[] {
  return submissions.flatMap(({ key, request }) =>
    key === null ? [] : [toKeyText(request.actor, key.idempotencyKey)],
  );
}

function launch(options: BatchRunnerOptions, { open, submissions }: Gathering): Flight | null {
  if (submissions.length === 0) return null;
  const flight: Flight = {
    submissions,
    changed: open.changed(),
    landing: placeDecided(options, open.decided()).then(
      (placed): Landing => land({ placed }),
      (failure: unknown): Landing => land({ placed: null, failure }),
    ),
    hasLanded: false,
  };
  function land(landing: Landing): Landing {
    flight.hasLanded = true;
    return landing;
  }
  return flight;
}

/**
 * Answers a batch that is in the log. It was decided on provisional states of the batch before it:
 * their true ones, `settled`, take their place. Gives its own.
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
    return nothing;
  }
}
