import { createFeed, type Feed } from '../../src/feed/feed.ts';
import type { KnownEvents } from '../../src/kernel/context.ts';
import { createLog, type Log } from '../../src/log/log.ts';
import type { Database } from '../../src/postgres/database.ts';
import type { AnyView } from '../../src/views/lists/placement.ts';
import { createViews, type Views } from '../../src/views/views.ts';
import { silentLogger } from './silent-logger.ts';

/** The log, feed and views of one process, which polls and gets no notifications. */
export interface ViewingProcess {
  readonly log: Log;
  readonly feed: Feed;
  readonly views: Views;
  /** May be called again. */
  stop(): Promise<void>;
}

export async function startViewing(
  database: Database,
  views: readonly AnyView[],
  definitions: KnownEvents = new Map(),
): Promise<ViewingProcess> {
  const log = createLog(database, definitions);
  const feed = createFeed({ log, logger: silentLogger, pollIntervalMs: 20 });
  const started = createViews({ database, log, feed, logger: silentLogger, views });
  await feed.start();
  await started.start();
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await started.stop();
    await feed.stop();
  };
  return {
    log,
    feed,
    views: started,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
