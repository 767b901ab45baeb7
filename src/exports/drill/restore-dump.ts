import { spawn } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ExportError, toFileError } from '../errors.ts';
import type { Scratch } from './scratch.ts';

/**
 * Restores a file of pg_dump into the database of a drill, with the programs of PostgreSQL. Throws
 * `ExportError` with the first line that they have printed.
 */
export async function restoreDump(file: string, { url, directory }: Scratch): Promise<void> {
  const target = new URL(url);
  // Other users can see arguments, so the password is in a file.
  const passwords = path.join(directory, 'passwords');
  await writeFile(passwords, `*:*:*:*:${decodeURIComponent(target.password)}\n`, { mode: 0o600 });
  target.password = '';
  target.searchParams.set('passfile', passwords);
  if (await isArchive(file)) {
    const options = ['--no-owner', '--no-privileges', '--exit-on-error', '--dbname', target.href];
    return run('pg_restore', [...options, file]);
  }
  const options = ['--no-psqlrc', '--quiet', '--output', '/dev/null', '--set', 'ON_ERROR_STOP=1'];
  return run('psql', [...options, '--file', file, target.href]);
}

/** Whether a dump is in a form of pg_restore, and not SQL. */
async function isArchive(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'r');
    try {
      if ((await handle.stat()).isDirectory()) return true;
      const { buffer } = await handle.read(Buffer.alloc(5), 0, 5, 0);
      return buffer.toString('latin1') === 'PGDMP';
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw toFileError(error, file);
  }
}

const shownMax = 2_000;

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (printed.length < shownMax) printed += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const cure = `${command} is not installed: install the client programs of PostgreSQL`;
      reject(error.code === 'ENOENT' ? new ExportError('UNUSABLE', cure) : error);
    });
    child.once('close', resolve);
  });
  if (code === 0) return;
  const [line = ''] = printed.split('\n').filter((each) => each.trim() !== '');
  throw new ExportError('UNUSABLE', `${command} failed: ${line}`);
}
