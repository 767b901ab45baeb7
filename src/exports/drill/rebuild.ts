import { createFeed } from '../../feed/feed.ts';
import type { KnownEvents } from '../../kernel/context.ts';
import { delay } from '../../lib/delay.ts';
import type { Logger } from '../../lib/logger.ts';
import { createLog } from '../../log/log.ts';
import { createDatabase, type Query } from '../../postgres/database.ts';
import type { AnyView } from '../../views/lists/placement.ts';
import { createViews } from '../../views/views.ts';
import { ExportError } from '../errors.ts';

export interface DrillViews {
  readonly views: readonly AnyView[];
  readonly definitions: KnownEvents;
}

const empty: Query = {
  name: 'empty_views',
  text: `do $$
    begin
      execute (
        select 'truncate ' || string_agg(quote_ident(tablename), ', ') from pg_tables
        where schemaname = 'public' and tablename like 'view%'
      );
    end
  $$`,
};

const lookMs = 200;

/** Builds all views of a restored log from its events, up to a sequence. Throws `ExportError`. */
export async function rebuildAll(
  url: string,
  { views, definitions }: DrillViews,
  { upTo, logger, signal }: { upTo: number; logger: Logger; signal: AbortSignal },
): Promise<void> {
  const database = createDatabase({ url, applicationName: 'daybook drill', log: logger });
  const log = createLog(database, definitions);
  const feed = createFeed({ log, logger, onReplaced() {} });
  const building = createViews({ database, log, feed, logger, views });
  try {
    // A dump has the views as they were.
    await database.query(empty);
    await feed.start();
    await building.start();
    for (;;) {
      signal.throwIfAborted();
      const rows = building.rows();
      const parked = rows.find(({ status }) => status === 'parked');
      if (parked !== undefined) throw parkedAt(parked.name, parked.error?.message);
      const unreadable = building.unreadable();
      if (unreadable !== null) throw unreadable;
      const behind = rows.filter(({ checkpoint }) => checkpoint < upTo);
      if (rows.length === views.length && behind.length === 0) return;
      await delay(lookMs, signal);
    }
  } finally {
    await building.stop();
    await feed.stop();
    await database.stop();
  }
}

function parkedAt(name: string, message = ''): ExportError {
  return new ExportError('UNUSABLE', `the view ${name} is parked: ${message}`);
}
