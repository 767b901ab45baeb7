import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandQueue } from './command-queue.ts';
import { type DecideBatchOptions, type OpenBatch, openBatch } from './decide-batch.ts';
import { BusyError } from './errors.ts';
import type { Flight } from './pending-append.ts';
import { type Submission, toKeyText } from './request.ts';
import { rejectOverdue } from './run-batch.ts';

/** The next batch, in the making. */
export interface Gathering {
  readonly open: OpenBatch;
  readonly submissions: Submission[];
  /** What kept a stream from being loaded. */
  failure: unknown;
}

/** Decides what waits, and what comes in until the batch ahead of it has landed; null: there is none. */
export async function gather(
  options: DecideBatchOptions & { readonly signal: AbortSignal },
  queue: CommandQueue,
  ahead: Flight | null,
  batchCommandsMax: number,
): Promise<Gathering> {
  const open = openBatch(options, ahead?.changed);
  const gathering: Gathering = { open, submissions: [], failure: null };
  const keys = new Set(ahead === null ? [] : keysOf(ahead.submissions));
  for (;;) {
    const isLast = ahead === null || ahead.hasLanded;
    const room = batchCommandsMax - gathering.submissions.length;
    const { taken, isClash } = takeUnrelated(queue, room, keys);
    try {
      const left = new Set(await open.add(taken));
      gathering.submissions.push(...taken.filter((submission) => !left.has(submission)));
      if (left.size > 0) {
        queue.putBack(rejectOverdue([...left], options.signal, new BusyError()));
        return gathering;
      }
    } catch (error) {
      gathering.submissions.push(...taken);
      gathering.failure = error;
      return gathering;
    }
    if (isLast) return gathering;
    const isFull = taken.length === room || isClash;
    if (!isFull && queue.size() > 0) continue;
    await Promise.race(isFull ? [ahead.landing] : [ahead.landing, queue.next()]);
    // Commands that come in together are decided together.
    if (!ahead.hasLanded) await nextTurn();
  }
}

/** Takes commands from the front, up to one whose key is under way already: that one has to wait. */
function takeUnrelated(
  queue: CommandQueue,
  count: number,
  keys: Set<string>,
): { readonly taken: readonly Submission[]; readonly isClash: boolean } {
  const taken = queue.take(count);
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

function keysOf(submissions: readonly Submission[]): readonly string[] {
  return submissions.flatMap(({ key, request }) =>
    key === null ? [] : [toKeyText(request.actor, key.idempotencyKey)],
  );
}
