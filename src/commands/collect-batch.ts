import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CommandQueue } from './command-queue.ts';
import { type DecideBatchOptions, type OpenBatch, openBatch } from './decide-batch.ts';
import { BusyError } from './errors.ts';
import type { PendingAppend } from './pending-append.ts';
import { type Submission, toKeyText } from './request.ts';
import { rejectOverdue } from './run-batch.ts';

/** The next batch, decided but not yet appended. */
interface NextBatch {
  readonly open: OpenBatch;
  readonly submissions: Submission[];
  /** The error with which loading a stream failed; null if no load failed. */
  failure: unknown;
}

/**
 * Decides the waiting commands, and those that arrive while `previous` is being appended.
 * `previous` is null if no batch is being appended.
 */
export async function collectBatch(
  options: DecideBatchOptions & { readonly signal: AbortSignal },
  queue: CommandQueue,
  previous: PendingAppend | null,
  batchCommandsMax: number,
): Promise<NextBatch> {
  const open = openBatch(options, previous?.changed);
  const next: NextBatch = { open, submissions: [], failure: null };
  const keys = new Set(previous === null ? [] : keysOf(previous.submissions));
  for (;;) {
    const isLast = previous === null || previous.isDone;
    const capacity = batchCommandsMax - next.submissions.length;
    const { taken, isClash } = takeUnrelated(queue, capacity, keys);
    try {
      const left = new Set(await open.add(taken));
      next.submissions.push(...taken.filter((submission) => !left.has(submission)));
      if (left.size > 0) {
        queue.putBack(rejectOverdue([...left], options.signal, new BusyError()));
        return next;
      }
    } catch (error) {
      next.submissions.push(...taken);
      next.failure = error;
      return next;
    }
    if (isLast) return next;
    const isFull = taken.length === capacity || isClash;
    if (!isFull && queue.size() > 0) continue;
    await Promise.race(isFull ? [previous.outcome] : [previous.outcome, queue.next()]);
    // Commands that arrive together are decided together.
    if (!previous.isDone) await nextTurn();
  }
}

/** Takes commands from the front, and stops before one whose key is already in `keys`. */
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
