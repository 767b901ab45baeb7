import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/postgres/embedded.ts';
import { silentLogger } from '../../support/silent-logger.ts';

/** The PostgreSQL server of a run, in a temporary directory. */
export interface BenchPostgres {
  /** The URL of a database, which is created on the first call. */
  database(name: string): Promise<string>;
  /** Its version and durability settings; throws if the server is not durable. */
  describe(): Promise<string>;
  stop(): Promise<void>;
}

const stopAttemptsMax = 10;

/** Starts an embedded PostgreSQL server in a new directory. */
export async function startPostgres(): Promise<BenchPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'daybook-bench-'));
  const embedded = await startEmbeddedPostgres({ dataDir, log: silentLogger });
  const made = new Map<string, Promise<string>>([['daybook', Promise.resolve(embedded.url)]]);

  async function make(name: string): Promise<string> {
    await queryOnce(embedded.url, `create database ${name}`);
    const url = new URL(embedded.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  return {
    database(name) {
      const url = made.get(name) ?? make(name);
      made.set(name, url);
      return url;
    },
    async describe() {
      const [row] = await queryOnce(embedded.url, settings);
      const { version, fsync, synchronous_commit: commit } = row as Record<string, string>;
      if (fsync !== 'on' || commit !== 'on')
        throw new Error('the server is not durable: fsync and synchronous_commit must be on');
      return `PostgreSQL ${version}, fsync ${fsync}, synchronous_commit ${commit}`;
    },
    async stop() {
      await stopServer(embedded, dataDir);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A server that others still share keeps running after `stop`: start and stop it again. */
async function stopServer(first: EmbeddedPostgres, dataDir: string): Promise<void> {
  await first.stop();
  for (let attempt = 1; existsSync(join(dataDir, 'postgres/data/postmaster.pid')); attempt += 1) {
    if (attempt > stopAttemptsMax) throw new Error(`the server in ${dataDir} is still in use`);
    await (await startEmbeddedPostgres({ dataDir, log: silentLogger })).stop();
  }
}

const settings = `select current_setting('server_version') as version,
  current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit`;

async function queryOnce(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
