import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import type { Logger } from '../lib/logger.ts';
import { toClientConfig } from './client-config.ts';
import { chooseAccount, createRun } from './embedded-account.ts';
import { findBinaries } from './embedded-binaries.ts';
import { ensureCluster, findClusterOwner } from './embedded-cluster.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { type Server, takeShare, toUrl } from './embedded-server.ts';
import { keepShare } from './embedded-share.ts';
import { sqlStateOf, toOneLine } from './errors.ts';

interface EmbeddedPostgresOptions {
  /** Created if it is missing; the server's files are in its subdirectory `postgres`. */
  readonly dataDir: string;
  readonly log: Logger;
}

/** A share in a real PostgreSQL server that runs on a data directory of this program. */
export interface EmbeddedPostgres {
  /** The URL of the database `daybook`, including the password. */
  readonly url: string;
  /** Stops the server unless another process or client still uses it. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on a data directory, or adopts the server that already runs there: one that a
 * killed process left behind, or one that another Daybook process shares. It listens on loopback
 * only. If the server crashes while it is in use, it is restarted on the same port. Throws
 * `EmbeddedPostgresError` if it cannot run.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { log } = options;
  const server = await prepareServer(options.dataDir);
  const share = await takeShare(server, null);
  const stop = keepShare(server, share, log);
  await ensureDatabase(toUrl(server.cluster, share.port, 'postgres')).catch(
    async (error: unknown) => {
      await stop();
      throw error;
    },
  );
  log.info({ port: share.port, data: server.cluster.data }, 'the embedded PostgreSQL is running');
  return { url: toUrl(server.cluster, share.port, databaseName), stop };
}

const databaseName = 'daybook';

async function prepareServer(dataDirOption: string): Promise<Server> {
  const binaries = await findBinaries();
  const dataDir = await makeDataDir(resolve(dataDirOption));
  const account = await chooseAccount(await findClusterOwner(dataDir));
  const file = join(dirname(dirname(binaries.initdb)), 'share', 'postgresql', 'postgres.bki');
  const run = await createRun(account, { dataDir, program: binaries.initdb, file });
  const cluster = await ensureCluster({ dataDir, binaries, account, run });
  return { cluster, binaries, run };
}

async function makeDataDir(dataDir: string): Promise<string> {
  try {
    await mkdir(dataDir, { recursive: true });
    return await realpath(dataDir);
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'EMBEDDED_DATA_DIR_UNUSABLE',
      `the data directory ${dataDir} cannot be created (${toOneLine(cause)}): ` +
        'set DAYBOOK_DATA_DIR to a directory that you can write to',
      cause,
    );
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client(toClientConfig({ url, applicationName: 'daybook' }));
  client.on('error', () => {});
  try {
    await client.connect();
    const found = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query('create database daybook');
  } catch (error) {
    // Another process that started at the same time created it first.
    const state = sqlStateOf(error);
    if (state !== '42P04' && state !== '23505') throw error;
  } finally {
    await client.end();
  }
}
