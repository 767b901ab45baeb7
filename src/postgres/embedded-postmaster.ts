import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** What a running server has written about itself into postmaster.pid. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: 'ready' | 'other';
}

/**
 * The server that runs on a data directory; null when none does. A postmaster.pid left by a crash
 * whose number now belongs to an unrelated process, or to a dead one that nobody has waited for (as
 * in a container without an init), is made harmless on the way.
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

/** Whether a process of that number exists, whoever owns it. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A port of the loopback interface that was free a moment ago. */
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
 * No system gives out this number. PostgreSQL would refuse to start while the number in the file is
 * alive; removing the file instead would also remove its guard against orphaned backends.
 */
const deadPid = '2147483646';

/** Whether a server that was found is at work still; looks at nothing but its process. */
export async function isAtWork(pid: number): Promise<boolean> {
  return isProcessAlive(pid) && !(await isZombie(pid));
}

/** Where /proc cannot tell, it is none. The name in parentheses may itself contain some. */
async function isZombie(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).startsWith('Z');
}

/** All processes of a server work in its data directory; where that cannot be told, it is ours. */
async function isForeign(pid: number, data: string): Promise<boolean> {
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (directory === null) return false;
  return directory !== (await realpath(data));
}
