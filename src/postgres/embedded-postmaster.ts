import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** The entries of a running server in its file postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: 'ready' | 'other';
}

/**
 * Finds the server that runs on a data directory; null if none does. A crash may have left a
 * postmaster.pid whose number now belongs to an unrelated process, or to a zombie, as in a
 * container without an init. The number is then replaced, so that PostgreSQL can start.
 */
export async function findPostmaster(data: string): Promise<Postmaster | null> {
  const file = join(data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!(pid > 0) || !isProcessAlive(pid)) return null;
  if (!(await isAtWork(pid)) || (await isForeign(pid, data))) {
    await writeFile(file, [deadPid, ...lines.slice(1)].join('\n'));
    return null;
  }
  const status = lines[7]?.trim() === 'ready' ? 'ready' : 'other';
  return { pid, port: Number.parseInt(lines[3] ?? '', 10), status };
}

/** Whether a process with that number exists, under any account. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Finds a port of the loopback interface that was free a moment ago. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * No system assigns this number. PostgreSQL would refuse to start while the process in the file is
 * alive. Removing the file instead would also remove its guard against orphaned backends.
 */
const deadPid = '2147483646';

/** Whether the process of a server still runs and is not a zombie. */
export async function isAtWork(pid: number): Promise<boolean> {
  return isProcessAlive(pid) && !(await isZombie(pid));
}

/** False where /proc is not available. The name in parentheses may itself contain parentheses. */
async function isZombie(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).startsWith('Z');
}

/**
 * Whether a process does not belong to the server: all processes of a server have its data
 * directory as their working directory. False if the working directory cannot be read.
 */
async function isForeign(pid: number, data: string): Promise<boolean> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (directory === null) return false;
  return directory !== (await realpath(data));
}
