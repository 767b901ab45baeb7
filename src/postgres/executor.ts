import type { ClientBase } from 'pg';
import { ExecutorClosedError, isConnectionLost, sqlStateOf } from './errors.ts';

/** A statement with a constant text, which is prepared once for each connection under its name. */
export interface Query {
  /** Unique in the process, at most 63 bytes. */
  readonly name: string;
  readonly text: string;
}

/** Something that runs queries: a pool, a transaction, or one connection. */
export interface Executor {
  /**
   * Runs one statement and returns its rows. Throws the DatabaseError of pg if the server rejects
   * it; see `sqlStateOf` and `isConnectionLost` in errors.ts.
   */
  query<Row>(query: Query, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** An executor on one connection, with the state of that connection. */
interface ClientExecutor extends Executor {
  /** The error after which the connection must not be used again; null while it is good. */
  suspicion(): Error | null;
  /** Makes later queries throw, so that none runs in the transaction of the next user. */
  close(): void;
}

/** Creates an executor on one connection. Its queries run in the order of the calls. */
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

/** Runs a named query on a connection. If it throws, pass the error to `toSuspicion`. */
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
 * Returns the error if the connection must not be used after a failed query; null if the server
 * rejected the statement and waits for the next. A prepared statement that no longer fits its
 * tables (0A000) or is unknown (26000) stays broken on its connection, so the connection must be
 * closed. A connection to a demoted server (25006) must be closed too, because a new one may reach
 * its successor.
 */
export function toSuspicion(error: unknown): Error | null {
  const state = sqlStateOf(error);
  const good = state !== null && !isConnectionLost(error) && !brokenStates.has(state);
  if (good) return null;
  return error instanceof Error ? error : new Error(String(error));
}

const brokenStates = new Set(['0A000', '26000', '42P05', '25006']);
