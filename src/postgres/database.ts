import pg from 'pg';
import type { Logger } from '../lib/logger.ts';
import { type ConnectionSettings, toClientConfig } from './client-config.ts';
import { createDedicatedConnections } from './dedicated-connection.ts';
import {
  DatabaseStoppedError,
  DatabaseTooOldError,
  DatabaseUnreachableError,
  TransactionAbortedError,
  toOneLine,
} from './errors.ts';
import {
  createClientExecutor,
  type Executor,
  type Query,
  runQuery,
  toSuspicion,
} from './executor.ts';

export type { Executor, Query } from './executor.ts';

/** A pool of connections to one database. */
export interface Database extends Executor {
  /**
   * Runs the work in one transaction: commits when it returns, rolls back when it throws, and
   * throws what it threw. When the commit itself fails with `isConnectionLost`, its outcome is
   * unknown. The executor is refused afterwards; its queries run one after the other.
   */
  withTransaction<T>(work: (executor: Executor) => Promise<T>): Promise<T>;
  /**
   * Runs the work on a connection of its own, outside the pool, for session state such as advisory
   * locks; the connection is closed afterwards and the state with it. The signal fires when the
   * connection is lost or the database is stopped: the work should then return.
   */
  withConnection<T>(work: (executor: Executor, signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Waits for the work that is under way and closes every connection. May be called again. */
  stop(): Promise<void>;
}

export interface DatabaseOptions extends ConnectionSettings {
  readonly poolMax?: number;
  readonly log: Logger;
}

const versionMin = 15;
const idleTimeoutMs = 60_000;
const stopDeadlineMs = 10_000;

/** Opens a pool; connections are made when first needed and kept while they are used. */
export function createDatabase(options: DatabaseOptions): Database {
  const { poolMax = 8, log } = options;
  const pool = new pg.Pool({
    ...toClientConfig(options),
    max: poolMax,
    idleTimeoutMillis: idleTimeoutMs,
  });
  const clients = trackClients(pool, log);
  const dedicated = createDedicatedConnections(options, log);
  let stopped: Promise<void> | undefined;

  /** Throws `DatabaseUnreachableError` when there is no connection: nothing has been sent then. */
  const connect = async (): Promise<pg.PoolClient> => {
    if (stopped !== undefined) throw new DatabaseStoppedError();
    try {
      return await pool.connect();
    } catch (error) {
      throw new DatabaseUnreachableError(error);
    }
  };
  return {
    async query<Row>(query: Query, values?: readonly unknown[]): Promise<readonly Row[]> {
      const client = await connect();
      let suspicion: Error | null = null;
      try {
        return await runQuery<Row>(client, query, values);
      } catch (error) {
        suspicion = toSuspicion(error);
        throw error;
      } finally {
        client.release(suspicion ?? undefined);
      }
    },
    withTransaction: async (work) => runTransaction(await connect(), work),
    withConnection: async (work) => {
      if (stopped !== undefined) throw new DatabaseStoppedError();
      return dedicated.withConnection(work);
    },
    stop: () => {
      stopped ??= Promise.all([dedicated.stop(), endPool(pool, clients)]).then(() => {});
      return stopped;
    },
  };
}

/** Throws a one-line error unless the database answers and its server is new enough. */
export async function assertDatabase(database: Database): Promise<void> {
  const rows = await database.query<{ version: number }>(selectVersion).catch((error: unknown) => {
    throw error instanceof DatabaseUnreachableError ? error : new DatabaseUnreachableError(error);
  });
  const version = Math.floor((rows[0]?.version ?? 0) / 10_000);
  if (version < versionMin) throw new DatabaseTooOldError(version, versionMin);
}

const selectVersion: Query = {
  name: 'database_version',
  text: `select current_setting('server_version_num')::int as version`,
};

async function runTransaction<T>(
  client: pg.PoolClient,
  work: (executor: Executor) => Promise<T>,
): Promise<T> {
  const executor = createClientExecutor(client);
  let suspicion: Error | null = null;
  try {
    await client.query('begin');
    const result = await work(executor);
    executor.close();
    const { command } = await client.query('commit');
    // The server answers the commit of a failed transaction with a rollback, and without an error.
    if (command !== 'COMMIT') throw new TransactionAbortedError();
    return result;
  } catch (error) {
    executor.close();
    suspicion = executor.suspicion() ?? (await rollBack(client));
    throw error;
  } finally {
    client.release(suspicion ?? undefined);
  }
}

async function rollBack(client: pg.PoolClient): Promise<Error | null> {
  try {
    await client.query('rollback');
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The connections of the pool that are not closed yet: pg-pool forgets them too early. */
function trackClients(pool: pg.Pool, log: Logger): ReadonlySet<pg.PoolClient> {
  const clients = new Set<pg.PoolClient>();
  pool.on('connect', (client) => {
    clients.add(client);
    client.once('end', () => clients.delete(client));
    // Without a handler of its own a connection lost while in use ends the process.
    client.on('error', (error) => log.warn({ reason: toOneLine(error) }, 'connection lost'));
  });
  pool.on('error', () => {});
  return clients;
}

async function endPool(pool: pg.Pool, clients: ReadonlySet<pg.PoolClient>): Promise<void> {
  const signal = AbortSignal.timeout(stopDeadlineMs);
  const late = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([pool.end(), late]);
  for (const client of clients) {
    if (signal.aborted) break;
    await Promise.race([new Promise<void>((resolve) => client.once('end', resolve)), late]);
  }
}
