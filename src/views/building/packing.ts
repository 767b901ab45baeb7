import { delay } from '../../lib/delay.ts';
import type { Logger } from '../../lib/logger.ts';
import { unlessAborted } from '../../lib/unless-aborted.ts';
import type { Executor, Query } from '../../postgres/database.ts';
import { toOneLine } from '../../postgres/errors.ts';
import type { MovingView } from './advance.ts';
import { beginning, isOver, packStep } from './pack-step.ts';

/** Packs the history of the views that this process advances, beside the advancing. */
export interface Packing {
  /** Continues, in the background, with the views that have grown enough. */
  wake(moving: readonly MovingView[]): void;
  /**
   * Whether views that are being built are so far ahead of their packing that they should wait: the
   * space of rows that are packed later is not given back.
   */
  isBehind(moving: readonly MovingView[]): boolean;
  /** Waits until what `wake` has begun is done. */
  rest(): Promise<void>;
  /** Waits for the step that is under way. No further step begins. */
  stop(): Promise<void>;
}

interface PackingOptions {
  /** The connections over which steps run. */
  readonly executor: Executor;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What the last events have replaced is not packed: frames and live queries read it. */
const recentEvents = 1_000;
/** What has not changed for at least this many events will hardly change, and is seldom read. */
const settledEvents = 5_000;
/** A view is swept again after at least this many events. */
const eventsBetweenMin = 2_000;
/** A sweep that leaves many rows is repeated less often, so that an event pays for ten of them. */
const keptRowsPerEvent = 10;
/** While a view is live, a step is followed by a pause as long as itself. */
const pauseMaxMs = 200;
const retryMs = 10_000;
/** A view that is being built waits for its packing after this many events. */
const eventsAheadMax = 10_000;
/** After at least this many moved rows, their space is made free for new ones. */
const movedRowsMin = 5_000;

const vacuum: Query = {
  name: 'vacuum_view_rows',
  text: `vacuum (skip_locked, truncate off)
    view_documents, view_entries, view_document_packs, view_entry_packs`,
};

export function createPacking({ executor, logger, signal }: PackingOptions): Packing {
  /** By view: the checkpoint at which its last sweep began, and that at which the next is due. */
  const sweptAt = new Map<number, number>();
  const dueAt = new Map<number, number>();
  const stopping = new AbortController();
  const over = AbortSignal.any([signal, stopping.signal]);
  let sweeping: Promise<void> | null = null;
  let movedCount = 0;

  const isDue = ({ id, checkpoint }: MovingView): boolean =>
    checkpoint >= (dueAt.get(id) ?? recentEvents);

  async function sweepAll(views: readonly MovingView[]): Promise<void> {
    let kept = 0;
    for (const view of views) {
      const { id, checkpoint } = view;
      const done = await sweep(executor, view, over);
      if (over.aborted) return;
      const events = Math.max(eventsBetweenMin, Math.ceil(done.kept / keptRowsPerEvent));
      dueAt.set(id, checkpoint + events);
      sweptAt.set(id, checkpoint);
      movedCount += done.moved;
      kept += done.kept;
    }
    if (movedCount < Math.max(movedRowsMin, kept / keptRowsPerEvent)) return;
    movedCount = 0;
    // Autovacuum looks once a minute: until then, much of the tables would be empty.
    await unlessAborted(executor.query(vacuum), over);
  }

  return {
    wake(moving) {
      if (sweeping !== null || over.aborted) return;
      const due = moving.filter(isDue);
      if (due.length === 0) return;
      sweeping = sweepAll(due)
        .catch(async (error) => {
          if (over.aborted) return;
          logger.warn({ reason: toOneLine(error) }, 'the history of views was not packed');
          await delay(retryMs, over);
        })
        .finally(() => {
          sweeping = null;
        });
    },
    isBehind: (moving) =>
      sweeping !== null &&
      moving.some(({ id, status, parked, checkpoint }) => {
        const isBuilding = status === 'building' && parked === null;
        return isBuilding && checkpoint - (sweptAt.get(id) ?? 0) > eventsAheadMax;
      }),
    async rest() {
      await sweeping;
    },
    async stop() {
      stopping.abort();
      await sweeping;
    },
  };
}

/** Packs all rows of a view that may be packed, step by step. */
async function sweep(
  executor: Executor,
  view: MovingView,
  over: AbortSignal,
): Promise<typeof beginning> {
  let done = beginning;
  while (!isOver(done) && !over.aborted) {
    const began = performance.now();
    const horizon = view.checkpoint - recentEvents;
    const settledAt = view.checkpoint - settledEvents;
    done = await packStep(executor, { id: view.id, horizon, settledAt }, done);
    const isLive = view.status === 'live';
    if (isLive) await delay(Math.min(pauseMaxMs, performance.now() - began), over);
  }
  return done;
}
