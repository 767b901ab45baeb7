import { LogReplacedError } from '../log/errors.ts';
import { baseSequenceOf, type ReadPoint } from '../views/read-point.ts';
import { toApiError } from './engine-errors.ts';
import type { EngineParts } from './engine-parts.ts';
import { codedError } from './errors.ts';
import type { OperationInit } from './operation-init.ts';

const waitMs = 5_000;

/** The operation that waits, and the log in which it began. */
interface Waiter {
  readonly init: OperationInit;
  readonly history: number;
}

/**
 * Creates the function with which the fields of one operation wait until the views can be read at a
 * read point. Throws SEQUENCE_NOT_REACHED, LOG_REPLACED if the log is not the one in which the
 * operation began, and UPGRADE_NEEDED if this program cannot read an event before the read point.
 */
export function createViewsWait(engine: EngineParts, waiter: Waiter) {
  const waits = new Map<number, Promise<void>>();

  return async function waitForViews(at: ReadPoint): Promise<void> {
    const sequence = baseSequenceOf(at);
    if (sequence <= engine.views.checkpoint()) return;
    // Fields share a wait for the same sequence number, because each wait listens to the signal.
    const wait = waits.get(sequence) ?? waitFor(engine, waiter, sequence);
    waits.set(sequence, wait);
    await wait;
  };
}

async function waitFor(
  { views, feed }: EngineParts,
  { init, history }: Waiter,
  sequence: number,
): Promise<void> {
  const stop = views.unreadable()?.sequence ?? Number.POSITIVE_INFINITY;
  // Beyond that event only an upgrade or another server can help, so waiting is useless.
  const withinMs = views.isLeftBehind() && stop <= sequence ? 0 : waitMs;
  const isReplaced = () => feed.history() !== history;
  if (!isReplaced() && (await views.waitFor(sequence, withinMs, init.signal))) return;
  if (isReplaced()) throw toApiError(new LogReplacedError());
  const unreadable = views.unreadable();
  if (unreadable !== null && unreadable.sequence <= sequence) throw toApiError(unreadable);
  throw codedError(
    'SEQUENCE_NOT_REACHED',
    `the views did not reach ${sequence} within ${waitMs} ms: they are at ${views.checkpoint()}`,
  );
}
