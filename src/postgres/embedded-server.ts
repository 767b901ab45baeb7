import { open, rename, stat } from 'node:fs/promises';
import pg from 'pg';
import { delay } from '../lib/delay.ts';
import { toClientConfig } from './client-config.ts';
import type { Binaries } from './embedded-binaries.ts';
import { type Cluster, superuser } from './embedded-cluster.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { findFreePort, findPostmaster, isAtWork, type Postmaster } from './embedded-postmaster.ts';
import type { Run } from './embedded-run.ts';
import { sqlStateOf, toOneLine } from './errors.ts';

/** A cluster and what is needed to run a server on it. */
export interface Server {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly run: Run;
}

/**
 * One process's share in a running server, which is not stopped while the share's connection is
 * open.
 */
export interface ServerShare {
  readonly client: pg.Client;
  readonly port: number;
}

/**
 * Takes a share in the server of a cluster: adopts the running server, or starts one. Any number of
 * processes may do so at once. If `port` is null, a new server takes a free port. Gives up when the
 * signal fires. Throws `EmbeddedPostgresError`.
 */
export async function takeShare(
  server: Server,
  port: number | null,
  signal?: AbortSignal,
): Promise<ServerShare> {
  const deadline = Date.now() + startDeadlineMs;
  let failures = 0;
  for (;;) {
    const postmaster = await findPostmaster(server.cluster.data);
    if (postmaster === null) {
      const failure = await startPostmaster(server, port ?? (await findFreePort()));
      // A start that fails because another process was faster does not count.
      if (failure !== null && (await findPostmaster(server.cluster.data)) === null) {
        failures += 1;
        if (failures === startsMax) throw startFailed(failure);
      }
      continue;
    }
    const share = postmaster.status === 'ready' ? await connectShare(server, postmaster) : null;
    if (share !== null) return share;
    if (signal?.aborted) throw startFailed('the start was canceled');
    if (Date.now() > deadline) {
      throw startFailed(`it has been starting or stopping for ${startDeadlineMs / 1_000} s`);
    }
    await delay(pollIntervalMs);
  }
}

/**
 * Releases a share. Stops the server if this was the last share and no other client is connected.
 * Returns whether it stopped the server.
 */
export async function giveBackShare(server: Server, { client }: ServerShare): Promise<boolean> {
  try {
    await client.query('select pg_advisory_unlock_shared($1)', [shareLock]);
    if (!(await isLast(client))) return false;
    await stopPostmaster(server);
    return true;
  } finally {
    await client.end();
  }
}

/** The URL of a database of the server, including the password. */
export function toUrl({ password }: Cluster, port: number, database: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}`;
}

/** Recovery after a crash replays at most `max_wal_size` of WAL, and may take most of this time. */
const startDeadlineMs = 120_000;
const stopDeadlineMs = 60_000;
const startsMax = 3;
const pollIntervalMs = 50;
const leaveDeadlineMs = 1_000;
/** A frozen server must not prevent the program from stopping. */
const connectTimeoutMs = 5_000;
const queryTimeoutMs = 3_000;
const logTailLines = 6;
const logSizeMax = 10 * 2 ** 20;
const shareName = 'daybook share';
/** The bytes of 'daybook' as a number that no other program locks. */
const shareLock = '28254671641472875';

const settings = [
  'listen_addresses=127.0.0.1',
  "unix_socket_directories=''",
  'shared_buffers=256MB',
  'max_wal_size=2GB',
  'wal_compression=on',
  'timezone=UTC',
  'log_timezone=UTC',
];

/** Returns why the start failed; null if it succeeded. Paths are relative: pg_ctl uses a shell. */
async function startPostmaster({ cluster, binaries, run }: Server, port: number) {
  const logStart = await rotateLog(cluster.logFile);
  const options = [`-p ${port}`, ...settings.map((setting) => `-c ${setting}`)].join(' ');
  const args = ['start', '-D', 'data', '-l', 'server.log', '-o', options, '-w', '-t', '120'];
  const { code, output } = await run(binaries.pgCtl, args, cluster.home);
  if (code === 0) return null;
  const lines = (await readFrom(cluster.logFile, logStart)).trim().split('\n');
  return toOneLine([output, ...lines.slice(-logTailLines)].join('\n'));
}

/** Renames a large log, replacing the last renamed one. Returns the size of the current log. */
async function rotateLog(file: string): Promise<number> {
  const size = (await stat(file).catch(() => null))?.size ?? 0;
  if (size <= logSizeMax) return size;
  // Another process that starts the server at the same time may have renamed it.
  return await rename(file, `${file}.1`).then(
    () => 0,
    () => size,
  );
}

/**
 * Does not let pg_ctl wait: pg_ctl would mistake a server that another process starts for this one.
 */
async function stopPostmaster({ cluster, binaries, run }: Server): Promise<void> {
  const pid = (await findPostmaster(cluster.data))?.pid;
  const args = ['stop', '-D', cluster.data, '-m', 'fast', '-W'];
  const { code, output } = await run(binaries.pgCtl, args, '/');
  if (code !== 0) throw new EmbeddedPostgresError('EMBEDDED_STOP_FAILED', toOneLine(output));
  const deadline = Date.now() + stopDeadlineMs;
  // Watches the process, not its file: a process that looks for a server may write the file again.
  while (pid !== undefined && (await isAtWork(pid))) {
    if (Date.now() > deadline) {
      const waited = `${stopDeadlineMs / 1_000} s`;
      const message = `the embedded PostgreSQL (process ${pid}) has not stopped after ${waited}`;
      throw new EmbeddedPostgresError('EMBEDDED_STOP_FAILED', message);
    }
    await delay(pollIntervalMs);
  }
}

/** Null if the server is not ready, is being stopped by its last user, or has just stopped. */
async function connectShare(
  { cluster }: Server,
  postmaster: Postmaster,
): Promise<ServerShare | null> {
  const url = toUrl(cluster, postmaster.port, 'postgres');
  const config = toClientConfig({ url, applicationName: shareName, connectTimeoutMs });
  const client = new pg.Client({ ...config, query_timeout: queryTimeoutMs });
  client.on('error', () => {});
  try {
    await client.connect();
    const text = 'select pg_try_advisory_lock_shared($1) as taken';
    const { rows } = await client.query<{ taken: boolean }>(text, [shareLock]);
    if (rows[0]?.taken) return { client, port: postmaster.port };
    await client.end();
  } catch (error) {
    await client.end();
    if (sqlStateOf(error)?.startsWith('28')) throw startFailed(toOneLine(error));
  }
  return null;
}

/**
 * Whether no other process has a share and no other client is connected. It waits up to a second
 * for this program's connections to close.
 */
async function isLast(client: pg.Client): Promise<boolean> {
  const text = 'select pg_try_advisory_lock($1) as taken';
  const { rows } = await client.query<{ taken: boolean }>(text, [shareLock]);
  if (!rows[0]?.taken) return false;
  const deadline = Date.now() + leaveDeadlineMs;
  while (Date.now() < deadline) {
    const others = await client.query(
      `select pid from pg_stat_activity
       where backend_type = 'client backend' and application_name <> $1`,
      [shareName],
    );
    if (others.rows.length === 0) return true;
    await delay(pollIntervalMs);
  }
  return false;
}

function startFailed(reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'EMBEDDED_START_FAILED',
    `the embedded PostgreSQL does not start: ${reason}`,
  );
}

async function readFrom(file: string, position: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => null);
  if (handle === null) return '';
  const buffer = Buffer.alloc(16_384);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
  await handle.close();
  return buffer.toString('utf8', 0, bytesRead);
}
