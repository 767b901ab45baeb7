import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startWorker, type Worker } from './worker.ts';

const directory = new URL('../peers/', import.meta.url);

/** Installs the peers of Daybook in their own directory, unless they are installed. */
export async function installPeers(): Promise<void> {
  if (existsSync(new URL('node_modules/', directory))) return;
  const npm = spawn('npm', ['ci', '--loglevel=error'], {
    cwd: fileURLToPath(directory),
    stdio: ['ignore', 2, 'inherit'],
    shell: process.platform === 'win32',
  });
  const [code] = await once(npm, 'exit');
  if (code !== 0) throw new Error('npm ci failed in test/bench/peers');
}

export function startPeer(name: 'plain-yoga' | 'emmett-yoga' | 'emmett-append' | 'copy'): Worker {
  return startWorker(new URL(`${name}.mjs`, directory));
}
