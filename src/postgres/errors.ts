import pg from 'pg';

/** No connection to the database could be made, or it refused to let us in. */
export class DatabaseUnreachableError extends Error {
  override readonly name = 'DatabaseUnreachableError';
  readonly code = 'DATABASE_UNREACHABLE';

  constructor(cause: unknown) {
    super(toMessage(cause), { cause });
  }
}

function toMessage(cause: unknown): string {
  const reason = toOneLine(cause);
  const begin = 'the database cannot be reached';
  return reason.startsWith(begin) ? reason : `${begin}: ${reason}`;
}

/** The server answers, but is older than this program needs. */
export class DatabaseTooOldError extends Error {
  override readonly name = 'DatabaseTooOldError';
  readonly code = 'DATABASE_TOO_OLD';
  readonly version: number;

  constructor(version: number, versionMin: number) {
    super(`the database is PostgreSQL ${version}, but at least ${versionMin} is needed`);
    this.version = version;
  }
}

/** A migration or a function file failed, or the database was migrated by files that differ. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code = 'MIGRATION_FAILED';
}

/** The work of a transaction swallowed a failed query, so that its commit became a rollback. */
export class TransactionAbortedError extends Error {
  override readonly name = 'TransactionAbortedError';
  readonly code = 'TRANSACTION_ABORTED';

  constructor() {
    super('the transaction was rolled back: a query in it failed and the error was swallowed');
  }
}

/** An executor was used after the transaction or connection it belonged to had been given back. */
export class ExecutorClosedError extends Error {
  override readonly name = 'ExecutorClosedError';
  readonly code = 'EXECUTOR_CLOSED';

  constructor() {
    super('the transaction or connection of this executor has ended');
  }
}

/** The database has been stopped; nothing was sent. */
export class DatabaseStoppedError extends Error {
  override readonly name = 'DatabaseStoppedError';
  readonly code = 'DATABASE_STOPPED';

  constructor() {
    super('the database connection pool has been stopped');
  }
}

/** The SQLSTATE with which the server refused a statement; null if it is not the server's error. */
export function sqlStateOf(error: unknown): string | null {
  return databaseErrorOf(error)?.code ?? null;
}

/** The name of the constraint a statement violated; null if the error is of another kind. */
export function constraintOf(error: unknown): string | null {
  return databaseErrorOf(error)?.constraint ?? null;
}

/** The detail the server or a `raise … using detail` gave with an error; null if none. */
export function detailOf(error: unknown): string | null {
  return databaseErrorOf(error)?.detail ?? null;
}

/**
 * Whether the connection failed rather than the statement: the server is not reachable, or it is
 * unknown whether the statement took effect. A statement the server itself refused, or cancelled
 * at a time-out of its own, has certainly had no effect and gives false.
 */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== null) return state.startsWith('08') || lostStates.has(state);
  if (error instanceof DatabaseUnreachableError) return true;
  if (error instanceof AggregateError) return error.errors.some(isConnectionLost);
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && lostCodes.has(error.code)) return true;
  return lostMessages.some((message) => error.message.startsWith(message));
}

/** Whether the server has stopped a statement, at its time-out: it had no effect. */
export function isStatementTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '57014';
}

/** Whether the server refused to write: it was demoted, or has been made read-only. */
export function isReadOnly(error: unknown): boolean {
  return sqlStateOf(error) === '25006';
}

/** Whether the server has no room left on its disk. */
export function isDiskFull(error: unknown): boolean {
  return sqlStateOf(error) === '53100';
}

/** What keeps the database from answering, in words for those who have asked. */
export function whyUnavailable(error: unknown): string {
  if (isDiskFull(error)) return 'the disk of the database is full';
  if (isReadOnly(error)) return 'the database is read-only';
  return 'the database cannot be reached';
}

/** The message of an error in one line, also where Node hides it in an AggregateError. */
export function toOneLine(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return toOneLine(error.errors[0]);
  const message = error instanceof Error ? error.message || error.name : String(error);
  return message.replaceAll(/\s*\n\s*/g, ' ').trim();
}

function databaseErrorOf(error: unknown): pg.DatabaseError | null {
  if (error instanceof pg.DatabaseError) return error;
  if (error instanceof Error && error.cause !== undefined) return databaseErrorOf(error.cause);
  return null;
}

/** Shut down, crashed, starting, idle too long, too many connections, completion unknown. */
const lostStates = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '53300', '40003']);

const lostCodes = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** pg and pg-pool raise these as plain errors without a code. */
const lostMessages = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'no answer for',
  // pg-listen, which hides why.
  'Re-initializing the PostgreSQL notification client',
];
