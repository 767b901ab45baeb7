import type { Database } from '../../../src/postgres/database.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { importBuilt } from './built.ts';

const { createDatabase } =
  await importBuilt<typeof import('../../../src/postgres/database.ts')>('postgres/database.js');
const { migrate } =
  await importBuilt<typeof import('../../../src/postgres/migrate.ts')>('postgres/migrate.js');

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
