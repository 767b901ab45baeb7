import { delay } from '../lib/delay.ts';
import type { Logger } from '../lib/logger.ts';
import type { Database } from '../postgres/database.ts';
import { toOneLine } from '../postgres/errors.ts';
import { showAgain, showRead, type ViewsState } from './state.ts';
import { readViews } from './store.ts';

/** Reads the state of the views, which other processes may have advanced. */
interface Refresh {
  /** Reads the state now; fails if the database cannot be reached. */
  now(): Promise<void>;
  /** Reads the state soon, unless this process advances all views. */
  wake(): void;
  /** Reads the state until that succeeds, because the log has been replaced. */
  again(): Promise<void>;
  /** Waits for the read that is under way after `wake`. */
  done(): Promise<void>;
}

interface RefreshOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const retryMs = 500;

export function createRefresh(options: RefreshOptions, state: ViewsState): Refresh {
  const { database, logger, signal } = options;
  let refreshing: Promise<void> | null = null;
  let isStale = false;

  async function refresh(): Promise<void> {
    do {
      isStale = false;
      showRead(state, await readViews(database));
    } while (isStale);
  }

  function wake(): void {
    // If this process advances all views, it knows their state already, and sooner.
    if (state.isLeadingAll || signal.aborted) return;
    isStale = true;
    refreshing ??= refresh()
      .catch((error) => logger.warn({ err: error }, 'the state of the views could not be read'))
      .finally(() => {
        refreshing = null;
        // `wake` may have been called after the last read.
        if (isStale) wake();
      });
  }

  return {
    now: refresh,
    wake,
    again: () => readAgain(options, state),
    async done() {
      await refreshing;
    },
  };
}

/** Retries until the state is read. Until then, the state of the previous log is shown. */
async function readAgain(
  { database, logger, signal }: RefreshOptions,
  state: ViewsState,
): Promise<void> {
  while (!signal.aborted) {
    try {
      showAgain(state, await readViews(database));
      return;
    } catch (error) {
      logger.warn({ reason: toOneLine(error) }, 'the state of the views could not be read');
      await delay(retryMs, signal);
    }
  }
}
