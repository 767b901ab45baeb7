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
  { databaseUrl, dataDir }: Config,
  command: string,
  work: (open: OpenDatabase) => Promise<T>,
): Promise<T> {
  const logger = pino({ level: 'error' }, pino.destination({ fd: 2, sync: true }));
  const embedded =
    databaseUrl === null ? await startEmbeddedPostgres({ dataDir, log: logger }) : null;
  const url = databaseUrl ?? embedded?.url ?? '';
  try {
    await migrate(url);
    const database = createDatabase({ url, applicationName: `daybook ${command}`, log: logger });
    try {
      return await work({ url, database, logger });
    } finally {
      await database.stop();
    }
  } finally {
    await embedded?.stop();
  }
}
