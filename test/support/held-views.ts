import type { Database } from '../../src/postgres/database.ts';
import { sql } from './rows.ts';

/** Keeps the views where they are while the work lasts: they can be read, but no process moves them. */
export async function withViewsHeld<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return database.withTransaction(async (executor) => {
    await sql(executor, 'lock table view_documents in exclusive mode');
    return work();
  });
}
