import pg from 'pg';
import { tlsAdvice } from './tls-faults.ts';

/** No connection to the database could be opened, or the database refused it. */
export class DatabaseUnreachableError extends Error {
  override readonly name = 'DatabaseUnreachableError';
  readonly code = 'DATABASE_UNREACHABLE';

  constructor(cause: unknown) {
    super(toMessage(cause), { cause });
  }
}

function toMessage(cause: unknown): string {
  const reason = tlsAdvice(cause) ?? toOneLine(cause);
  const begin = 'the database cannot be reached';
  return reason.startsWith(begin) ? reason : `${begin}: ${reason}`;
}

/** The database server is older than this program requires. */
export class DatabaseTooOldError extends Error {
  override readonly name = 'DatabaseTooOldError';
  readonly code = 'DATABASE_TOO_OLD';
  readonly version: number;

  constructor(version: number, versionMin: number) {
    super(`the database is PostgreSQL ${version}, but ${versionMin} or later is required`);
    this.version = version;
  }
}

/** A migration or a function file failed, or the database was migrated by files that differ. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code = 'MIGRATION_FAILED';
}

/** The work of a transaction ignored the error of a query, so its commit became a rollback. */
export class TransactionAbortedError extends Error {
  override readonly name = 'TransactionAbortedError';
  readonly code = 'TRANSACTION_ABORTED';

  constructor() {
    super('the transaction was rolled back: a query in it failed and its error was ignored');
  }
}

/** An executor was used after its transaction or connection had ended. */
export class ExecutorClosedError extends Error {
  override readonly name = 'ExecutorClosedError';
  readonly code = 'EXECUTOR_CLOSED';

  constructor() {
    super('the transaction or connection of this executor has ended');
  }
}

/** A statement was not sent because the database has been stopped. */
export class DatabaseStoppedError extends Error {
  override readonly name = 'DatabaseStoppedError';
  readonly code = 'DATABASE_STOPPED';

  constructor() {
    super('the database connection pool has been stopped');
  }
}

/** The SQLSTATE of an error that the server returned; null for any other error. */
export function sqlStateOf(error: unknown): string | null {
  return databaseErrorOf(error)?.code ?? null;
}

/** The detail of an error, set by the server or by `raise … using detail`; null if none. */
export function detailOf(error: unknown): string | null {
  return databaseErrorOf(error)?.detail ?? null;
}

/**
 * Whether the connection failed rather than the statement: the server is not reachable, or it is
 * unknown whether the statement took effect. False if the server itself rejected the statement or
 * canceled it at a server timeout: the statement then certainly had no effect.
 */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== null) return state.startsWith('08') || lostStates.has(state);
  if (error instanceof DatabaseUnreachableError) return true;
  if (error instanceof AggregateError) return error.errors.some(isConnectionLost);
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string') {
    if (lostCodes.has(error.code) || error.code.startsWith('ERR_SSL_')) return true;
  }
  return lostMessages.some((message) => error.message.startsWith(message));
}

/** Whether the server canceled a statement at its timeout: the statement had no effect. */
export function isStatementTimeout(error: unknown): boolean {
  return sqlStateOf(error) === '57014';
}

/** Whether the server rejected a write because it was demoted or is read-only. */
export function isReadOnly(error: unknown): boolean {
  return sqlStateOf(error) === '25006';
}

/** Whether the disk of the server is full. */
export function isDiskFull(error: unknown): boolean {
  return sqlStateOf(error) === '53100';
}

/** Why the database cannot carry out a statement, as a message for clients. */
export function whyUnavailable(error: unknown): string {
  if (isDiskFull(error)) return 'the disk of the database is full';
  if (isReadOnly(error)) return 'the database is read-only';
  return 'the database cannot be reached';
}

/** The message of an error in one line, even if Node.js hides it in an AggregateError. */
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

/** Shutdown, crash, startup, idle for too long, too many connections, completion unknown. */
const lostStates = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '53300', '40003']);

const lostCodes = new Set([
  // TLS writes to a socket that was destroyed under it.
  'EBADF',
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

/** pg and pg-pool throw these as plain errors without a code. */
const lostMessages = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'no answer for',
  // From pg-listen, which hides the cause.
  'Re-initializing the PostgreSQL notification client',
];
