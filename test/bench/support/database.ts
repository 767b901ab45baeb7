import { silentLogger } from '../../../src/lib/logger.ts';
import { createDatabase, type Database } from '../../../src/postgres/database.ts';
import { migrate } from '../../../src/postgres/migrate.ts';

/** Migrates a database and opens a pool to it, with the time-outs of a server. */
export async function openDatabase(url: string): Promise<Database> {
  await migrate(url);
  return createDatabase({
    url,
    applicationName: 'daybook bench',
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 15_000,
    idleInTransactionTimeoutMs: 60_000,
    connectTimeoutMs: 10_000,
    log: silentLogger,
  });
}
