import { randomBytes } from 'node:crypto';
import {
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './embedded-binaries.ts';
import { EmbeddedPostgresError } from './embedded-error.ts';
import { isProcessAlive } from './embedded-postmaster.ts';
import type { Run, SystemAccount } from './embedded-run.ts';
import { toOneLine } from './errors.ts';

/** A PostgreSQL cluster on disk: `home` contains the data, the server's log and the password. */
export interface Cluster {
  readonly home: string;
  readonly data: string;
  readonly logFile: string;
  readonly password: string;
}

export const superuser = 'daybook';

/** The owner of the cluster in a data directory; null if there is no cluster yet. */
export async function findClusterOwner(dataDir: string): Promise<SystemAccount | null> {
  const owner = await stat(join(dataDir, homeName, 'data')).catch(() => null);
  return owner && { name: `with uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
}

interface ClusterOptions {
  readonly dataDir: string;
  readonly binaries: Binaries;
  readonly account: SystemAccount | null;
  readonly run: Run;
}

/**
 * Returns the cluster of the data directory, and creates it if it does not exist. It is created
 * under a temporary name and renamed when complete. So a cluster with its final name is complete,
 * and if two processes create it at once, both use the one that was renamed first.
 */
export async function ensureCluster(options: ClusterOptions): Promise<Cluster> {
  const home = join(options.dataDir, homeName);
  try {
    if ((await findClusterOwner(options.dataDir)) === null) await makeCluster(home, options);
    const cluster = await openCluster(home);
    await assertVersion(cluster, options);
    return cluster;
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(
      'EMBEDDED_DATA_DIR_UNUSABLE',
      `the data directory ${options.dataDir} cannot be used (${toOneLine(error)}): ` +
        'make it writable, or set DAYBOOK_DATA_DIR to another directory',
      error,
    );
  }
}

const homeName = 'postgres';
const unfinishedPrefix = '.initdb-';
/** Distinguishes this process from an earlier one with the same process id, as in a container. */
const processToken = randomBytes(4).toString('hex');

async function openCluster(home: string): Promise<Cluster> {
  const password = (await readFile(join(home, 'password'), 'utf8')).trim();
  return { home, data: join(home, 'data'), logFile: join(home, 'server.log'), password };
}

async function makeCluster(home: string, options: ClusterOptions): Promise<void> {
  const { dataDir, account } = options;
  await removeUnfinished(dataDir);
  const suffix = randomBytes(4).toString('hex');
  const name = `${unfinishedPrefix}${process.pid}-${processToken}-${suffix}`;
  const unfinished = join(dataDir, name);
  const passwordFile = join(unfinished, 'password');
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
    if (account !== null) await chown(passwordFile, account.uid, account.gid);
    if (account !== null) await chown(unfinished, account.uid, account.gid);
    await runInitdb(unfinished, passwordFile, options);
    await rename(unfinished, home).catch(async (error: unknown) => {
      if ((await findClusterOwner(dataDir)) === null) throw error;
    });
    await flushDirectory(dataDir);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function runInitdb(
  unfinished: string,
  passwordFile: string,
  { binaries, run }: ClusterOptions,
): Promise<void> {
  const { code, output } = await run(
    binaries.initdb,
    [
      `--pgdata=${join(unfinished, 'data')}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ],
    '/',
  );
  if (code === 0) return;
  const reason = toOneLine(output.split('\n').slice(-3).join('\n'));
  throw new EmbeddedPostgresError(
    'EMBEDDED_INITDB_FAILED',
    `PostgreSQL could not create its files in ${unfinished}: ${reason}`,
  );
}

/** Removes the files of killed processes, but not those of processes that still run. */
async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    const [pid, token] = name.slice(unfinishedPrefix.length).split('-');
    const isOurs = token === processToken;
    if (isOurs || (Number(pid) !== process.pid && isProcessAlive(Number(pid)))) continue;
    await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

/**
 * Without this flush, a power failure could undo the rename of a cluster with acknowledged data.
 */
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().catch(() => {});
  await handle.close();
}

async function assertVersion(cluster: Cluster, { binaries, run }: ClusterOptions): Promise<void> {
  const made = (await readFile(join(cluster.data, 'PG_VERSION'), 'utf8')).trim();
  const { output } = await run(binaries.initdb, ['--version'], '/');
  const installed = /\d+/.exec(output)?.[0];
  if (made === installed) return;
  throw new EmbeddedPostgresError(
    'EMBEDDED_VERSION_MISMATCH',
    `${cluster.data} was created by PostgreSQL ${made}, but ${installed ?? 'none'} is installed: ` +
      'dump it with the old version and restore it, or set DAYBOOK_DATA_DIR to another directory',
  );
}
