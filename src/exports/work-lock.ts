import { createHash } from 'node:crypto';
import { withCopyConnection } from '../postgres/copy-out.ts';
import type { Query } from '../postgres/database.ts';
import { ExportError } from './errors.ts';

const lock: Query = { name: 'work_lock', text: 'select pg_try_advisory_lock($1::bigint) as taken' };

/**
 * Runs work that only one process at a time may do on a database. The lock belongs to a connection,
 * so it ends with the process, however that ends. Throws `ExportError` with the message `busy` if
 * another process does the work.
 */
export async function withWorkLock<T>(
  url: string,
  work: string,
  busy: string,
  run: () => Promise<T>,
): Promise<T> {
  const key = createHash('sha256').update(`daybook ${work}`).digest().readBigInt64BE(0);
  return withCopyConnection(url, async (connection) => {
    const [row] = await connection.query<{ readonly taken: boolean }>(lock, [String(key)]);
    if (row?.taken !== true) throw new ExportError('BUSY', busy);
    return run();
  });
}
