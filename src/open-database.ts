import { pino } from 'pino';
import type { Config } from './config.ts';
import type { Logger } from './lib/logger.ts';
import { createDatabase, type Database } from './postgres/database.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { migrate } from './postgres/migrate.ts';

/** The database of the settings, as commands that run beside servers use it. */
export interface OpenDatabase {
  readonly url: string;
  readonly database: Database;
  readonly logger: Logger;
}

/**
 * Migrates the database of the settings and opens it while the work runs; servers may be running.
 * An embedded one is started, unless a server has started it, and then shared.
 */
export async function withDatabase<T>(
  config: Config,
  command: string,
  work: (open: OpenDatabase) => Promise<T>,
): Promise<T> {
  return withPostgres(config, async (url, logger) => {
    await migrate(url);
    const database = createDatabase({ url, applicationName: `daybook ${command}`, log: logger });
    try {
      return await work({ url, database, logger });
    } finally {
      await database.stop();
    }
  });
}

/** As `withDatabase`, but changes and opens nothing. */
export async function withPostgres<T>(
  { databaseUrl, dataDir }: Config,
  work: (url: string, logger: Logger) => Promise<T>,
): Promise<T> {
  const logger = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));
  const embedded =
    databaseUrl === null ? await startEmbeddedPostgres({ dataDir, log: logger }) : null;
  try {
    return await work(databaseUrl ?? embedded?.url ?? '', logger);
  } finally {
    await embedded?.stop();
  }
}
