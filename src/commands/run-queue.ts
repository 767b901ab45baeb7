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

/** So many commands that wait for an idle log go in two batches: the second is decided meanwhile. */
const splitMin = 32;
/** While one is being written the next waits for the head's lock; a third would only wait longer. */
const flightsMax = 2;
/** A smaller batch is not worth a transaction of its own while another one is being written. */
const sendMin = 8;

/**
 * Runs the commands of a queue until it is empty. While a batch is being appended the next one is
 * decided on top of it, and sent when it has grown as large, or when the first is in the log; the
 * first one is answered while the next one is being written. If a batch is refused, those on top of
 * it were decided in vain, are refused too, and are decided again.
 */
export async function runQueue(
  options: BatchRunnerOptions,
  queue: CommandQueue,
  batchCommandsMax: number,
): Promise<void> {
  const flights: Flight[] = [];
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
    const next = gathering.failure === null ? launch(options, gathering) : null;
    if (landing !== null) {
      flights.shift();
      settled = [await finishSafely(options, landing.placed, settled), ...settled].slice(
        0,
        flightsMax,
      );
    }
    if (next !== null) flights.push(next);
    if (gathering.failure !== null) {
      // Each on its own, from the start: it may not be the fault of all of them.
      await seeThrough(options, flights.splice(0), settled);
      settled = [];
      await runBatch(options, gathering.submissions);
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
    // It did not rest on one that was refused, or it would have been refused too.
    else settled = [await finishSafely(options, landed.placed, settled), ...settled];
  }
  for (const again of refused) await again();
}

/** Decides what waits, and what comes in, until it is time to send or to see to the first flight. */
async function gather(
  options: BatchRunnerOptions,
  queue: CommandQueue,
  flights: readonly Flight[],
  batchCommandsMax: number,
): Promise<Gathering> {
  const first = flights[0];
  const ahead = new Map(flights.flatMap(({ changed }) => [...changed]));
  const open = openBatch(options, ahead);
  const gathering: Gathering = { open, submissions: [], failure: null };
  const keys = new Set(flights.flatMap(({ submissions }) => keysOf(submissions)));
  const isSplit = first === undefined && queue.size() >= splitMin;
  const sizeMax = isSplit ? Math.ceil(queue.size() / 2) : batchCommandsMax;
  const sizeToSend =
    flights.length < flightsMax ? (flights.at(-1)?.submissions.length ?? 0) : Infinity;
  for (;;) {
    const isLast = first === undefined || first.hasLanded;
    const room = Math.min(sizeMax, batchCommandsMax) - gathering.submissions.length;
    const taken = takeUnrelated(queue, room, keys);
    gathering.submissions.push(...taken);
    try {
      await open.add(taken);
    } catch (error) {
      gathering.failure = error;
      return gathering;
    }
    const size = gathering.submissions.length;
    if (isLast || size >= Math.max(sizeToSend, sendMin)) return gathering;
    const isFull = taken.length === room || queue.size() > 0;
    await Promise.race(isFull ? [first.landing] : [first.landing, queue.next()]);
    // Commands that come in together are decided together.
    if (!first.hasLanded) await new Promise<void>((resolve) => setImmediate(resolve));
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
    const known = settled.map((streams) => streams.get(streamId)).find((stream) => stream);
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
