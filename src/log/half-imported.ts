import type { Executor, Query } from '../postgres/database.ts';

/** The database has only a part of a log that is being imported. */
class HalfImportedError extends Error {
  override readonly name = 'HalfImportedError';
  readonly code = 'HALF_IMPORTED';

  constructor(sequence: number, end: number) {
    super(
      `the database has only a part of an imported log, up to event ${sequence} of ${end}: ` +
        'run daybook import again to complete it',
    );
  }
}

const select: Query = {
  name: 'log_import',
  text: 'select sequence, end_sequence as "end" from log_import',
};

/** Throws `HalfImportedError` if an import of the log has begun and is not complete. */
export async function assertImported(executor: Executor): Promise<void> {
  const [row] = await executor.query<{ readonly sequence: number; readonly end: number }>(select);
  if (row !== undefined) throw new HalfImportedError(row.sequence, row.end);
}
