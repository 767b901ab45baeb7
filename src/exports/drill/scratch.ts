import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Logger } from '../../lib/logger.ts';
import { startEmbeddedPostgres } from '../../postgres/embedded.ts';
import { isProcessAlive } from '../../postgres/embedded-postmaster.ts';

/** A separate PostgreSQL for a drill, with an empty database, in a temporary directory. */
export interface Scratch {
  readonly url: string;
  /** For files of the drill; removed with the rest. */
  readonly directory: string;
}

const prefix = 'daybook-drill-';
const drillName = /^daybook-drill-(\d+)-/;

/**
 * Starts a PostgreSQL while the work runs, and removes all of it afterwards. A drill that was
 * killed leaves its directory behind; the next one removes it.
 */
export async function withScratch<T>(
  log: Logger,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  await removeLeftovers(log);
  const directory = await mkdtemp(path.join(tmpdir(), `${prefix}${process.pid}-`));
  try {
    const postgres = await startEmbeddedPostgres({ dataDir: directory, log });
    try {
      return await work({ url: postgres.url, directory });
    } finally {
      await postgres.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function removeLeftovers(log: Logger): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(drillName.exec(name)?.[1]);
    if (!(pid > 0) || isProcessAlive(pid)) continue;
    const directory = path.join(tmpdir(), name);
    // Its PostgreSQL may still run, and ends when its last user stops.
    const postgres = await startEmbeddedPostgres({ dataDir: directory, log }).catch(() => null);
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
