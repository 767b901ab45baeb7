import pg from 'pg';
import type { Logger } from '../lib/logger.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import { type ConnectionSettings, toClientConfig } from './client-config.ts';
import { createDedicatedConnections } from './dedicated-connection.ts';
import {
  DatabaseStoppedError,
  DatabaseTooOldError,
  DatabaseUnreachableError,
  isReadOnly,
  TransactionAbortedError,
} from './errors.ts';
import {
  createClientExecutor,
  type Executor,
  type Query,
  runQuery,
  toSuspicion,
} from './executor.ts';
import type { Outages } from './outages.ts';
import { createSockets } from './sockets.ts';

export type { Executor, Query } from './executor.ts';

/** A pool of connections to one database. */
export interface Database extends Executor {
  /**
   * Runs the work in one transaction: commits when it returns; if it throws, rolls back and throws
   * the same error. If the commit itself fails with `isConnectionLost`, its outcome is unknown. The
   * executor runs its queries one after the other, and throws once the transaction has ended.
   */
  withTransaction<T>(work: (executor: Executor) => Promise<T>): Promise<T>;
  /**
   * Runs the work on a separate connection outside the pool, for session state such as advisory
   * locks. The connection is closed afterwards, which ends the state. The signal fires when the
   * connection is lost or the database is stopped: the work should then return.
   */
  withConnection<T>(work: (executor: Executor, signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * Closes the connections on which nothing has arrived for `silentMs`. Statements on them fail
   * with `isConnectionLost`. A connection that waits for its first answer is closed after at most a
   * second of silence.
   */
  closeSilent(silentMs: number): void;
  /** Fails all running and later statements, as if the database were unreachable. */
  cut(): void;
  /** Waits for the running work and closes every connection. Idempotent. */
  stop(): Promise<void>;
}

interface DatabaseOptions extends ConnectionSettings {
  readonly poolMax?: number;
  readonly log: Logger;
  /** Receives which statements fail and which succeed. */
  readonly outages?: Outages;
}

const versionMin = 15;
const idleTimeoutMs = 60_000;
const stopDeadlineMs = 10_000;
const stopping = 'this program is stopping';

/** Creates a pool. Connections are opened on demand and closed after 60 s without use. */
export function createDatabase(options: DatabaseOptions): Database {
  const { poolMax = 8, log, outages } = options;
  const sockets = createSockets();
  const settings = { ...options, openSocket: sockets.open };
  const pool = new pg.Pool({
    ...toClientConfig(settings),
    max: poolMax,
    idleTimeoutMillis: idleTimeoutMs,
  });
  let generation = 0;
  const clients = trackClients(pool, log, () => generation);
  const dedicated = createDedicatedConnections(settings, log);
  let stopped: Promise<void> | undefined;
  let isCut = false;

  /** Throws `DatabaseUnreachableError` if there is no connection: nothing was sent. */
  const connect = async (): Promise<pg.PoolClient> => {
    if (stopped !== undefined) throw new DatabaseStoppedError();
    for (;;) {
      if (isCut) throw new DatabaseUnreachableError(stopping);
      const client = await pool.connect().catch((error: unknown) => {
        throw new DatabaseUnreachableError(error);
      });
      if (clients.get(client) === generation) return client;
      client.release(new Error('its server may have been demoted'));
    }
  };
  const runOnce = async <Row>(query: Query, values?: readonly unknown[]) => {
    const client = await connect();
    let suspicion: Error | null = null;
    try {
      const rows = await runQuery<Row>(client, query, values);
      outages?.worked(query.name);
      return rows;
    } catch (error) {
      outages?.failed(error, query.name);
      suspicion = toSuspicion(error);
      // A session that began read-only stays so: no connection of this generation is used again.
      if (isReadOnly(error) && clients.get(client) === generation) generation += 1;
      throw error;
    } finally {
      client.release(suspicion ?? undefined);
    }
  };
  return {
    query: (query, values) =>
      runOnce<never>(query, values).catch((error: unknown) => {
        if (!isReadOnly(error)) throw error;
        // The statement had no effect, and a new connection may reach the server that can write
        // now.
        return runOnce<never>(query, values);
      }),
    withTransaction: async (work) => runTransaction(await connect(), work),
    withConnection: async (work) => {
      if (stopped !== undefined) throw new DatabaseStoppedError();
      if (isCut) throw new DatabaseUnreachableError(stopping);
      return dedicated.withConnection(work);
    },
    closeSilent: sockets.closeSilent,
    cut: () => {
      isCut = true;
      sockets.closeAll();
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
    // The server answers the commit of a failed transaction with a rollback, not with an error.
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

type Clients = ReadonlyMap<pg.PoolClient, number>;

/**
 * Tracks the connections of the pool that are not closed yet, with the generation in which each was
 * opened. pg-pool forgets them too early.
 */
function trackClients(pool: pg.Pool, log: Logger, generation: () => number): Clients {
  const clients = new Map<pg.PoolClient, number>();
  pool.on('connect', (client) => {
    clients.set(client, generation());
    client.once('end', () => clients.delete(client));
    // Without this handler, a connection lost while in use would end the process.
    client.on('error', (error) => log.warn({ err: error }, 'a database connection was lost'));
  });
  pool.on('error', () => {});
  return clients;
}

async function endPool(pool: pg.Pool, clients: Clients): Promise<void> {
  const signal = AbortSignal.timeout(stopDeadlineMs);
  await unlessAborted(pool.end(), signal);
  for (const client of clients.keys()) {
    if (signal.aborted) break;
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await unlessAborted(ended, signal);
  }
}
