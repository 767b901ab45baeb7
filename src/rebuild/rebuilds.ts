import { createBroadcast } from '../lib/broadcast.ts';
import { delay } from '../lib/delay.ts';
import { toOneLine } from '../postgres/errors.ts';
import type { AnyView } from '../views/lists/placement.ts';
import { RebuildError } from './errors.ts';
import { rebuildViews } from './rebuild-views.ts';
import { describe } from './result.ts';
import { readStatuses, type ViewStatuses } from './statuses.ts';
import type { RebuildParts } from './under-lease.ts';

/** The statuses of the views, and the rebuilds that run in this process. */
export interface Rebuilds {
  statuses(): Promise<ViewStatuses>;
  /**
   * Yields the statuses, then again at most once a second when they have changed, until the signal
   * fires. All watchers of a process share the reads.
   */
  watch(signal: AbortSignal): AsyncGenerator<ViewStatuses, void, undefined>;
  /**
   * Starts to rebuild a view; resolves once that has begun. Throws `RebuildError` if it cannot
   * begin. The rebuild then runs in this process; its outcome is part of the statuses.
   */
  start(name: string): Promise<void>;
  /** Stops the rebuilds, which can be continued, and waits for them. */
  stop(): Promise<void>;
}

interface RebuildsOptions extends RebuildParts {
  readonly views: readonly AnyView[];
}

const readEveryMs = 1_000;

export function createRebuilds(options: RebuildsOptions): Rebuilds {
  const { database, views } = options;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const read = () => readStatuses(database, views);
  return {
    statuses: read,
    watch: createWatch(read),
    start(name) {
      const view = views.find((each) => each.name === name);
      if (view === undefined) return Promise.reject(notFound(name));
      return new Promise((resolve, reject) => {
        const run = runRebuild(options, view, stopping.signal, resolve).then(resolve, reject);
        running.add(run);
        void run.finally(() => running.delete(run));
      });
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function notFound(name: string): RebuildError {
  const reason = `there is no view ${name}: Query.viewStatus lists the views`;
  return new RebuildError('VIEW_NOT_FOUND', name, reason);
}

async function runRebuild(
  parts: RebuildParts,
  view: AnyView,
  signal: AbortSignal,
  onBegun: () => void,
): Promise<void> {
  const { logger } = parts;
  const request = { views: [view], acceptsDifferences: false, signal, onProgress: () => {} };
  let hasBegun = false;
  try {
    const [result] = await rebuildViews(parts, {
      ...request,
      onBegun() {
        hasBegun = true;
        onBegun();
      },
    });
    const fields = { view: view.name, at: result?.swapped?.sequence };
    if (result === undefined || result.swapped !== null) logger.info(fields, 'a view was rebuilt');
    else logger.warn({ ...fields, reason: describe(result) }, 'a rebuilt view was not swapped in');
  } catch (error) {
    if (!hasBegun) throw error;
    const fields = { view: view.name, reason: toOneLine(error) };
    if (!signal.aborted) logger.warn(fields, 'the rebuild of a view has stopped');
  }
}

interface Shown {
  readonly statuses: ViewStatuses;
  readonly text: string;
}

/** Reads the statuses once a second, as long as someone watches them. */
function createWatch(read: () => Promise<ViewStatuses>): Rebuilds['watch'] {
  const changed = createBroadcast();
  let watchers = 0;
  let latest: Shown | null = null;
  let isReading = false;

  async function readShown(): Promise<Shown> {
    const statuses = await read();
    return { statuses, text: JSON.stringify(statuses) };
  }
  async function keepReading(): Promise<void> {
    isReading = true;
    while (watchers > 0) {
      // An outage of the database is reported elsewhere; the next read shows what has changed.
      latest = await readShown().catch(() => latest);
      changed.wake();
      await delay(readEveryMs);
    }
    latest = null;
    isReading = false;
  }

  return async function* watch(signal) {
    watchers += 1;
    try {
      let shown = latest ?? (await readShown());
      yield shown.statuses;
      if (!isReading) void keepReading();
      while (!signal.aborted) {
        if (latest !== null && latest.text !== shown.text) {
          shown = latest;
          yield shown.statuses;
        } else await changed.next(signal);
      }
    } finally {
      watchers -= 1;
    }
  };
}
