import type { Database } from '../../src/postgres/database.ts';
import { sql } from './rows.ts';

/** Runs work while no process advances the views; they can still be read. */
export async function withViewsHeld<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return database.withTransaction(async (executor) => {
    await sql(executor, 'lock table view_documents in exclusive mode');
    return work();
  });
}
