import type { ClientBase } from 'pg';
import { ExecutorClosedError, isConnectionLost, sqlStateOf } from './errors.ts';

/** A statement: constant text, prepared once per connection under its name. */
export interface Query {
  /** Unique among all texts of the process, at most 63 bytes. */
  readonly name: string;
  readonly text: string;
}

/** Something that runs queries: a pool, a transaction, or one connection. */
export interface Executor {
  /**
   * Runs one statement and gives its rows. Throws pg's DatabaseError when the server refuses it;
   * see `sqlStateOf`, `constraintOf` and `isConnectionLost` in errors.ts.
   */
  query<Row>(query: Query, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** An executor on one connection, and what is known about that connection. */
export interface ClientExecutor extends Executor {
  /** The error after which the connection must not be used again; null while it is good. */
  suspicion(): Error | null;
  /** From here on queries are refused, so that none strays into the next user's transaction. */
  close(): void;
}

/** Binds an executor to one connection. Its queries run in the order in which they were asked. */
export function createClientExecutor(client: ClientBase): ClientExecutor {
  let suspicion: Error | null = null;
  let closed = false;
  return {
    async query<Row>(query: Query, values?: readonly unknown[]): Promise<readonly Row[]> {
      if (closed) throw new ExecutorClosedError();
      try {
        return await runQuery<Row>(client, query, values);
      } catch (error) {
        suspicion ??= toSuspicion(error);
        throw error;
      }
    },
    suspicion: () => suspicion,
    close: () => {
      closed = true;
    },
  };
}

/** Runs a named query on a connection; on failure ask `toSuspicion` what became of it. */
export async function runQuery<Row>(
  client: ClientBase,
  query: Query,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const { name, text } = query;
  const result = await client.query({ name, text, values: values as unknown[] });
  return result.rows as Row[];
}

/**
 * Whether a failed query leaves its connection in doubt: null when the server refused the
 * statement and waits for the next. A prepared statement that no longer fits its tables (0A000)
 * or is unknown (26000) stays broken on its connection, so that one has to go as well; and so does
 * the connection to a server that was demoted (25006), as a new one may lead to its successor.
 */
export function toSuspicion(error: unknown): Error | null {
  const state = sqlStateOf(error);
  const good = state !== null && !isConnectionLost(error) && !brokenStates.has(state);
  if (good) return null;
  return error instanceof Error ? error : new Error(String(error));
}

const brokenStates = new Set(['0A000', '26000', '42P05', '25006']);
