import type { CommandQueue } from './command-queue.ts';
import { type DecideBatchOptions, type OpenBatch, openBatch } from './decide-batch.ts';
import type { Flight } from './flight.ts';
import { type Submission, toKeyText } from './request.ts';

/** The next batch, in the making. */
export interface Gathering {
  readonly open: OpenBatch;
  readonly submissions: Submission[];
  /** What kept a stream from being loaded. */
  failure: unknown;
}

/** So many commands that wait for an idle log go in two batches: the second is decided meanwhile. */
const splitMin = 32;
/** While one is being written the next waits for the head's lock; a third would only wait longer. */
export const flightsMax = 2;
/** A smaller batch is not worth a transaction of its own while another one is being written. */
const sendMin = 8;

/** Decides what waits, and what comes in, until it is time to send or to see to the first flight. */
export async function gather(
  options: DecideBatchOptions,
  queue: CommandQueue,
  flights: readonly Flight[],
  batchCommandsMax: number,
): Promise<Gathering> {
  const first = flights[0];
  const open = openBatch(options, {
    changed: mergeAll(flights.map(({ changed }) => changed)),
    batchIds: flights.flatMap(({ batchId }) => batchId ?? []),
  });
  const gathering: Gathering = { open, submissions: [], failure: null };
  const keys = new Set(flights.flatMap(({ submissions }) => keysOf(submissions)));
  const isSplit = first === undefined && queue.size() >= splitMin;
  const sizeMax = isSplit ? Math.ceil(queue.size() / 2) : batchCommandsMax;
  const sizeToSend =
    flights.length < flightsMax ? (flights.at(-1)?.submissions.length ?? 0) : Infinity;
  for (;;) {
    const isLast = first === undefined || first.hasLanded;
    const room = Math.min(sizeMax, batchCommandsMax) - gathering.submissions.length;
    const { taken, isClash } = takeUnrelated(queue, room, keys);
    gathering.submissions.push(...taken);
    try {
      await open.add(taken);
    } catch (error) {
      gathering.failure = error;
      return gathering;
    }
    const size = gathering.submissions.length;
    if (isLast || size >= Math.max(sizeToSend, sendMin)) return gathering;
    const isFull = taken.length === room || isClash;
    if (!isFull && queue.size() > 0) continue;
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
): { readonly taken: readonly Submission[]; readonly isClash: boolean } {
  const taken = queue.take(Math.max(0, Math.min(count, queue.size())));
  const clash = taken.findIndex(({ key, request }) => {
    if (key === null) return false;
    const text = toKeyText(request.actor, key.idempotencyKey);
    if (keys.has(text)) return true;
    keys.add(text);
    return false;
  });
  if (clash < 0) return { taken, isClash: false };
  queue.putBack(taken.slice(clash));
  return { taken: taken.slice(0, clash), isClash: true };
}

/** What the maps hold, of the later ones where several have a key. */
function mergeAll<Value>(maps: readonly ReadonlyMap<string, Value>[]): Map<string, Value> {
  const merged = new Map(maps[0]);
  for (const map of maps.slice(1)) for (const [key, value] of map) merged.set(key, value);
  return merged;
}

function keysOf(submissions: readonly Submission[]): readonly string[] {
  return submissions.flatMap(({ key, request }) =>
    key === null ? [] : [toKeyText(request.actor, key.idempotencyKey)],
  );
}
